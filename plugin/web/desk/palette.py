"""Find anything: clients, codes and numbers, what can be done here, and pages, by what is typed or scanned."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from flask import abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from werkzeug.exceptions import HTTPException
from werkzeug.routing.exceptions import RequestRedirect

from plugin.core.acts import Role
from plugin.core.moments import day_at
from plugin.core.text import folded
from plugin.courses.base.read import courses_of_client, read_course
from plugin.courses.base.views import ClientView, CourseView, FoundClient
from plugin.courses.base.words import day_text
from plugin.courses.catalog.packages import list_packages
from plugin.courses.changes.gifts import GiftView, find_gift
from plugin.courses.clients.clients import LONGEST_SEARCH, find_clients, read_client
from plugin.courses.clients.private_page import client_of_code
from plugin.courses.documents.read import DocumentView, documents_numbered
from plugin.courses.refunds.desk_refunds import refunds_of_courses
from plugin.errors import NotFound
from plugin.web import current_services, pages
from plugin.web.access import AT_THE_DESK, Screens
from plugin.web.actions import redirect_to
from plugin.web.desk.card import told_apart
from plugin.web.desk.clients import menu_for, refund_begun
from plugin.web.desk.course_menu import OF_A_COURSE
from plugin.web.desk.forms import MOST_PACKAGES
from plugin.web.headers import let_page_use_camera
from plugin.web.menu import MenuPage, may_open, pages_for
from plugin.web.translations import _

# Other words that people look for an act by.
_ALSO = {
    "changes.visit": "late earlier missed enter",
    "changes.missed": "did not come",
    "changes.extend": "extend expiration date expires longer",
    "changes.freeze": "pause hold",
    "changes.adjust": "correct sessions",
    "changes.goodwill": "free",
    "changes.give": "voucher",
    "exchanges.choose": "upgrade swap",
    "refunds.choose_refund": "money back",
}


@dataclass(frozen=True, slots=True)
class PaletteAct:
    """An act: its name, whom or which course it concerns, and the address of its form; a paper is printed."""

    text: str
    about: str
    address: str
    also: str = ""
    is_paper: bool = False
    endpoint: str = ""


def acts_for(client: ClientView | None, role: Role) -> Iterator[PaletteAct]:
    """Yield what this role can do with the client, or with one to choose where none is in view; raises NotFound."""
    if client is None:
        yield from _of_anybody(role)
    elif not client.is_erased:
        yield from of_courses(client)
        yield from _of_client(client, role)
    if role != Role.PRACTITIONER and (client is None or not client.is_erased):
        yield from _sales(client)
    yield PaletteAct(_("New client"), "", f"{url_for('clients.find')}#new", "create add")


def _of_anybody(role: Role) -> Iterator[PaletteAct]:
    for endpoint, text in OF_A_COURSE.items():
        if may_open(endpoint, role):
            address = url_for("clients.find", act=endpoint)
            also = _ALSO.get(endpoint, "")
            yield PaletteAct(str(text), _("Choose the client next"), address, also, endpoint=endpoint)


def of_courses(client: ClientView) -> Iterator[PaletteAct]:
    """Yield what the signed-in person can do with the client's courses, as their menus offer it."""
    store, now = current_services().store, pages.now()
    courses = courses_of_client(store, client.id, today=day_at(now, pages.clinic().zone))
    refunds = refunds_of_courses(store, refund_begun(courses), now=now)
    apart = told_apart(courses, pages.clinic())
    for course in courses:
        mark = apart.get(course.id)
        sold = _(", sold {day}", day=day_text(mark.day, pages.clinic())) if mark else ""
        about = f"{client.name} · {course.package_name}{sold}"
        yield from _papers(course, about)
        menu = menu_for(course, client.id, refunds.get(course.id))
        for item in (item for group in menu for item in group.items):
            # What one tap does stays one tap away, on the page that shows what it is done to.
            address = (
                url_for("clients.show", client_id=client.id, _anchor=f"more-{course.id}")
                if item.is_tap
                else url_for(item.endpoint, course_id=course.id)
            )
            also = _ALSO.get(item.endpoint, "")
            yield PaletteAct(item.text, about, address, also, endpoint=item.endpoint)


def _papers(course: CourseView, about: str) -> Iterator[PaletteAct]:
    summary = url_for("papers.summary", course_id=course.id)
    yield PaletteAct(_("Print course summary"), about, summary, "paper", is_paper=True)
    if course.visits:
        sheet = url_for("papers.aftercare", course_id=course.id, visit=course.visits[-1].id)
        yield PaletteAct(_("Print aftercare sheet"), about, sheet, "paper", is_paper=True)


def _of_client(client: ClientView, role: Role) -> Iterator[PaletteAct]:
    known: dict[str, Any] = {"client_id": client.id}
    if role != Role.PRACTITIONER:
        yield PaletteAct(_("Redeem a gift voucher"), client.name, url_for("gifts.start", **known), "code")
        yield PaletteAct(
            _("Merge duplicates"), client.name, url_for("merges.find", **known), "same person twice"
        )
    if role == Role.OWNER:
        yield PaletteAct(_("Client data"), client.name, url_for("privacy.show", **known), "export privacy")
        yield PaletteAct(
            _("Delete client data"), client.name, url_for("privacy.choose", **known), "erase privacy"
        )


def _sales(client: ClientView | None) -> Iterator[PaletteAct]:
    known: dict[str, Any] = {"client_id": client.id} if client else {}
    about = client.name if client else ""
    for package in list_packages(current_services().store, limit=MOST_PACKAGES).rows:
        text = _("Sell {package}", package=package.name)
        yield PaletteAct(text, about, url_for("sell.start", package_id=package.id, **known), "package sale")


MOST_CLIENTS, MOST_ACTS, MOST_PAGES = 6, 6, 5
_WORD = re.compile(r"\w+")

_Offered = TypeVar("_Offered", PaletteAct, MenuPage)

blueprint = Screens("palette", __name__)


@dataclass(frozen=True, slots=True)
class Group:
    """Options of one kind, in order; `kind` says how the template shows them."""

    kind: str
    options: Sequence[FoundClient | ClientView | GiftView | DocumentView | PaletteAct | MenuPage]


@blueprint.get("/find", roles=AT_THE_DESK)
def find() -> ResponseReturnValue:
    """Return the options for what was typed, the likeliest first; `at` is the path of the page in view."""
    q = request.args.get("q", "").strip()[:LONGEST_SEARCH]
    store = current_services().store
    with store.one_moment():
        groups = [group for group in _groups(q, _in_view(request.args.get("at", ""))) if group.options]
    return render_template("desk/_palette.html", q=q, groups=groups)


@blueprint.get("/clients/<client_id>/acts/<act>", roles=AT_THE_DESK)
def lead(client_id: str, act: str) -> ResponseReturnValue:
    """Lead to the form of an act for the one course it can be done with, or to the client's page, saying why."""
    if act not in OF_A_COURSE:
        abort(404)
    client = read_client(current_services().store, client_id)
    offered = [] if client.is_erased else [each for each in of_courses(client) if each.endpoint == act]
    if len(offered) == 1:
        return redirect(offered[0].address)
    if offered:
        said = _("Several packages: choose “{act}” under “More…” of the right one.", act=OF_A_COURSE[act])
    else:
        said = _("“{act}” is not possible for a package of this client now.", act=OF_A_COURSE[act])
    return redirect_to("clients.show", said, client_id=client.id)


@blueprint.get("/scan", roles=AT_THE_DESK)
def scan() -> ResponseReturnValue:
    """Show the camera, which looks for the code of a paper."""
    let_page_use_camera()
    return render_template("desk/scan.html")


def _groups(q: str, client: ClientView | None) -> list[Group]:
    role = Role(current_user.role)
    acts = Group("acts", _matching(q, acts_for(client, role), MOST_ACTS) if q or client else ())
    if not q:
        return [acts]
    if code := _of_code(q, role):
        return code
    clients = Group("clients", _clients(q))
    if not clients.options and not acts.options:
        acts = Group("acts", _with_a_name(q, role))
    # What is done for the client in view stands for the page of the same name.
    named = {str(act.text) for act in acts.options if isinstance(act, PaletteAct)}
    menu = Group(
        "pages", _matching(q, (each for each in pages_for(role) if str(each.text) not in named), MOST_PAGES)
    )
    begins = any(_begins(q, each.client.name) for each in clients.options if isinstance(each, FoundClient))
    return [clients, acts, menu] if begins else [acts, menu, clients]


def _of_code(q: str, role: Role) -> list[Group]:
    """Return what a scanned or pasted code, or a number, stands for; it is one thing and nothing else."""
    store = current_services().store
    if (client_id := client_of_code(store, q)) is not None:
        return [Group("of_code", (read_client(store, client_id),))]
    if role == Role.PRACTITIONER:
        return []
    if (gift := find_gift(store, q, today=pages.today())) is not None:
        return [Group("vouchers", (gift,))]
    # Digits alone may be the end of a phone number as well.
    numbered = Group("documents", documents_numbered(store, q))
    found = [numbered, Group("clients", _clients(q))] if numbered.options else []
    return found[::-1] if q.isdecimal() else found


def _clients(q: str) -> tuple[FoundClient, ...]:
    return find_clients(current_services().store, q, today=pages.today(), limit=MOST_CLIENTS).rows


def _with_a_name(q: str, role: Role) -> list[PaletteAct]:
    """Return the acts that the first words stand for, each with the clients whom the others name."""
    typed = q.split()
    offered = [act for act in acts_for(None, role) if act.endpoint] if len(typed) > 1 else []
    for many in range(len(typed) - 1, 0, -1):
        if acts := _matching(" ".join(typed[:many]), offered, MOST_ACTS):
            named = [each.client for each in _clients(" ".join(typed[many:]))]
            pairs = [(act, client) for act in acts for client in named]
            return [_for_client(*each) for each in pairs[:MOST_ACTS]]
    return []


def _for_client(act: PaletteAct, client: ClientView) -> PaletteAct:
    address = url_for("palette.lead", client_id=client.id, act=act.endpoint)
    return replace(act, about=client.name, address=address)


def _in_view(path: str) -> ClientView | None:
    adapter = current_app.create_url_adapter(request)
    try:
        _, values = adapter.match(path.removeprefix(request.script_root), method="GET")  # type: ignore[union-attr]
    except (HTTPException, RequestRedirect):
        return None
    store = current_services().store
    try:
        client_id = values.get("client_id")
        if client_id is None and "course_id" in values:
            client_id = read_course(store, values["course_id"], today=pages.today()).client_id
        return read_client(store, client_id) if client_id else None
    except NotFound:
        return None


def _matching(q: str, offered: Iterable[_Offered], most: int) -> list[_Offered]:
    """Return those in whose words every word typed begins one, those named by it before those only meant by it."""
    found = [each for each in offered if not q or _begins(q, f"{each.text} {each.also}")]
    return sorted(found, key=lambda each: not _begins(q, str(each.text)))[:most]


def _begins(q: str, text: str) -> bool:
    """Return whether every word typed begins a word of the text."""
    words, typed = _WORD.findall(folded(text)), _WORD.findall(folded(q))
    return bool(typed) and all(any(word.startswith(each) for word in words) for each in typed)
