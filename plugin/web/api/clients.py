"""The calls about clients."""

from pydantic import Field

from plugin.core.text import NAME_LENGTH
from plugin.courses.base.read import courses_of_client
from plugin.courses.clients import clients
from plugin.web.api.answers import Answer, Cursor, Id, example_id, shown
from plugin.web.api.calls import Reply, Request, call, is_known
from plugin.web.api.courses import CourseList
from plugin.web.api.inputs import Input, Paging, Text, VisibleText, page_of


class Client(Answer):
    """A client of the clinic."""

    id: Id = shown(example_id(0))
    name: str = shown("Ana Souza")
    phone: str | None = shown("+14155552671", "E.164.")
    email: str | None = shown("ana@example.org")
    language: str = shown("en")
    sounds_like: str = shown("AH-nah SOH-zah", "How the name is said aloud; empty where it was not noted.")
    postal_address: str = shown(
        "118 Juniper Street\nLos Angeles, CA 90012", "On invoices; empty: the profile’s."
    )
    large_print: bool = shown(False, "Whether their papers are printed in larger type.")
    square_customer_id: str | None


class ClientList(Answer):
    """A page of clients."""

    clients: list[Client] = shown(at="rows")
    cursor: Cursor


# The use case checks it, with a message of its own.
_TAG = "^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$"


class NewClient(
    Input,
    json_schema_extra={
        "examples": [{"name": "Ana Souza", "phone": "+1 415 555 2671", "email": "ana@example.org"}]
    },
):
    """The new client."""

    name: VisibleText = Field(max_length=NAME_LENGTH)
    phone: Text | None = Field(None, max_length=60)
    """With its area code, or + and the country code; answered in E.164."""
    email: Text | None = Field(None, max_length=254)
    """An e-mail address; blank for none."""
    language: Text | None = Field(
        None,
        min_length=2,
        max_length=16,
        json_schema_extra={"pattern": _TAG},
    )
    """A tag such as en, es or zh-Hans; en by default."""
    sounds_like: Text | None = Field(None, max_length=NAME_LENGTH)
    """How the name is said aloud, such as SHIV-awn; on no paper."""


class Search(Paging):
    """The search."""

    q: Text | None = Field(None, max_length=200)
    """Any part of a name, a phone's last digits, an e-mail."""


@call("GET", "/clients", ClientList)
def find_clients(request: Request, query: Search) -> Reply:
    """Find clients."""
    found = clients.find_clients(
        request.store, query.q or "", today=request.today, limit=query.limit, cursor=query.cursor
    )
    rows = [each.client for each in found.rows]
    return Reply(ClientList.of({"rows": rows, "cursor": found.cursor}))


@call("POST", "/clients", Client, status=201)
def create_client(request: Request, body: NewClient) -> Reply:
    """Create a client."""
    is_repeat = is_known(request)
    client = clients.create_client(request.store, request.act, **body.model_dump())
    return Reply(Client.of(client), is_repeat)


@call("GET", "/clients/{client_id}", Client)
def read_client(request: Request, client_id: str) -> Reply:
    """Read a client; a merged one returns the client it was merged into."""
    return Reply(Client.of(clients.read_client(request.store, client_id)))


@call("GET", "/clients/{client_id}/courses", CourseList)
def list_courses_of_client(request: Request, query: Paging, client_id: str) -> Reply:
    """List a client's courses: those in use first, then the newest."""
    client = clients.read_client(request.store, client_id)
    courses = courses_of_client(request.store, client.id, today=request.today)
    return Reply(CourseList.of(page_of(courses, query, lambda course: course.id)))
