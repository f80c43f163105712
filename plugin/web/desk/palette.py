"""Find anything: clients, codes and numbers, what can be done here, and pages, by what is typed or scanned."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from flask import abort, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from werkzeug.exceptions import HTTPException
from werkzeug.routing.exceptions import RequestRedirect

from plugin.core.acts import Role
from plugin.core.text import folded
from plugin.courses.base.read import read_course
from plugin.courses.base.views import ClientView, FoundClient
from plugin.courses.changes.gifts import GiftView, find_gift
from plugin.courses.clients.clients import LONGEST_SEARCH, find_clients, read_client
from plugin.courses.clients.private_page import client_of_code
from plugin.courses.documents.read import DocumentView, documents_numbered
from plugin.errors import NotFound
from plugin.web import current_services, pages
from plugin.web.access import AT_THE_DESK, Screens
from plugin.web.actions import redirect_to
from plugin.web.desk.course_menu import OF_A_COURSE
from plugin.web.desk.palette_acts import PaletteAct, acts_for, of_courses
from plugin.web.headers import let_page_use_camera
from plugin.web.menu import MenuPage, pages_for
from plugin.web.translations import _

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
    """Return the client whose page, or whose course's page, has this path."""
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
