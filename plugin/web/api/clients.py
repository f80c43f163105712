"""The calls about clients."""

from __future__ import annotations

from plugin.courses.base.clinic import local_date, read_clinic
from plugin.courses.base.read import courses_of_client
from plugin.courses.clients.clients import create_client, find_clients
from plugin.courses.clients.clients import read_client as client_of
from plugin.web.api import shapes
from plugin.web.api.calls import Answer, Asked, Call, Key
from plugin.web.api.fields import record, text
from plugin.web.api.keys import is_known
from plugin.web.api.lists import PAGING, limit_of, listed, page_of

_NEW_CLIENT = record(
    {
        "name": text(least=1, most=120),
        "phone": text(
            most=60, description="With its area code, or + and the country code; answered in E.164."
        ),
        "email": text(most=254),
        "language": text(least=2, most=16, description="A tag such as en, es or zh-Hans; en by default."),
    },
    required=("name",),
    examples=[{"name": "Ana Souza", "phone": "+1 415 555 2671", "email": "ana@example.org"}],
)
_SEARCH = {"q": text(most=200, description="Any part of a name, a phone's last digits, an e-mail."), **PAGING}


def _find(asked: Asked) -> Answer:
    store = asked.services.store
    today = local_date(read_clinic(store), asked.act.now)
    found = find_clients(
        store,
        asked.query.get("q", ""),
        today=today,
        limit=limit_of(asked),
        cursor=asked.query.get("cursor"),
    )
    return listed("clients", found, lambda row: shapes.client(row.client))


def _create(asked: Asked) -> Answer:
    is_repeat = is_known(asked)
    wish = {"name": None, "phone": None, "email": None, "language": None, **asked.body}
    client = create_client(asked.services.store, asked.act, **wish)
    return Answer(shapes.client(client), is_repeat=is_repeat)


def _read(asked: Asked) -> Answer:
    return Answer(shapes.client(client_of(asked.services.store, asked.ids["client_id"])))


def _courses(asked: Asked) -> Answer:
    store = asked.services.store
    client = client_of(store, asked.ids["client_id"])
    today = local_date(read_clinic(store), asked.act.now)
    courses = courses_of_client(store, client.id, today=today)
    return listed("courses", page_of(courses, asked, lambda course: course.id), shapes.course)


CALLS = (
    Call(
        name="find_clients",
        method="GET",
        path="/clients",
        summary="Find clients",
        view=_find,
        answer="ClientList",
        query=_SEARCH,
    ),
    Call(
        name="create_client",
        method="POST",
        path="/clients",
        summary="Make a client",
        view=_create,
        answer="Client",
        status=201,
        key=Key.ACCEPTED,
        body=_NEW_CLIENT,
    ),
    Call(
        name="read_client",
        method="GET",
        path="/clients/{client_id}",
        summary="Read a client; one that was merged answers as the one it went into",
        view=_read,
        answer="Client",
    ),
    Call(
        name="list_courses_of_client",
        method="GET",
        path="/clients/{client_id}/courses",
        summary="List a client's courses: those in use first, then the newest",
        view=_courses,
        answer="CourseList",
        query=PAGING,
    ),
)
