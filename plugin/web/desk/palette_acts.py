"""What a person can do now with the client in view, as the palette offers it: each leads to its form, none acts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import url_for

from plugin.core.acts import Role
from plugin.courses.base.clinic import local_date
from plugin.courses.base.read import courses_of_client
from plugin.courses.base.views import ClientView, CourseView
from plugin.courses.base.words import day_text
from plugin.courses.catalog.packages import list_packages
from plugin.courses.refunds.desk_refunds import refunds_of_courses
from plugin.web import current_services, pages
from plugin.web.desk.card import told_apart
from plugin.web.desk.clients import menu_for, refund_begun
from plugin.web.desk.course_menu import OF_A_COURSE
from plugin.web.menu import may_open
from plugin.web.translations import _

MOST_PACKAGES = 100
# Other words that people look for an act by.
_ALSO = {
    "changes.visit": "late earlier missed enter",
    "changes.missed": "did not come",
    "changes.extend": "expiration date expires longer",
    "changes.freeze": "pause hold",
    "changes.adjust": "correct sessions",
    "changes.goodwill": "free",
    "changes.give": "voucher",
    "exchanges.choose": "upgrade swap",
    "refunds.choose": "money back",
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
    courses = courses_of_client(store, client.id, today=local_date(pages.clinic(), now))
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
