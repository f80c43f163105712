"""Finding and creating clients, and the page of one client with all of their courses."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from invoices.press.glyphs import missing_in
from plugin.core.acts import Role
from plugin.core.moments import day_at
from plugin.courses.accounts.staff import StaffView, list_staff
from plugin.courses.base.read import courses_of_client
from plugin.courses.base.views import ClientView, CourseView, FoundClient, PackageView, VisitView
from plugin.courses.catalog.packages import list_packages
from plugin.courses.checks.answers import check_of
from plugin.courses.clients import clients
from plugin.courses.clients.profile_notes import profile_status
from plugin.courses.documents.read import documents_of_client
from plugin.courses.handouts.visit_email import last_letter_not_sent
from plugin.courses.page_versions import PageVersion, version_of_client
from plugin.courses.ratings.views import has_rated_today, ratings_of
from plugin.courses.refunds.desk_refunds import DeskRefundView, refunds_of_courses
from plugin.courses.sales.checkouts import waiting_of_client
from plugin.courses.visits.visits import planned_of_courses
from plugin.web import current_services, live, pages
from plugin.web.access import AT_THE_DESK, Screens
from plugin.web.actions import (
    Notice,
    act_without_form,
    current_act,
    flash_notice,
    is_fragment,
    redirect_after_post,
    redirect_to,
)
from plugin.web.desk.card import Card, Line, card_of, lines_of, told_apart
from plugin.web.desk.course_menu import OF_A_COURSE, MenuGroup, menu_of, takes_visit
from plugin.web.desk.forms import ClientForm, EditClientForm, VisitDetailsForm
from plugin.web.headers import let_page_hold_frame
from plugin.web.refusals import Refusal
from plugin.web.translations import _

SHOWN = 30
SHOWN_WHILE_TYPING = 8
OFFERS_SHOWN = 6
# Flashes the notice of a change; receives the courses that the page has already read, by id.
Say = Callable[[Mapping[str, CourseView]], None]
_WHO_TREATS = (Role.PRACTITIONER, Role.OWNER)

blueprint = Screens("clients", __name__)


@blueprint.get("/clients", roles=AT_THE_DESK)
def find(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the clients that match, or the most recently seen where nothing was typed."""
    if "open" in request.args and not is_fragment() and (match := only_match()) is not None:
        if act := _asked_act():
            return redirect_to("palette.lead", client_id=match, act=act)
        return redirect_to("clients.show", client_id=match)
    template = "desk/_found.html" if is_fragment() and refusal is None else "desk/clients.html"
    form = ClientForm.shown(refusal)
    return render_template(template, form=form, **found(SHOWN_WHILE_TYPING if is_fragment() else SHOWN))


@blueprint.post("/clients", roles=AT_THE_DESK, refused=find)
def create() -> ResponseReturnValue:
    made = clients.create_client(current_services().store, current_act(), **ClientForm.sent().contact)
    return redirect_to(
        "clients.show",
        _("Client created. Sell them a package, or charge it at Square POS."),
        client_id=made.id,
    )


def page_of_client(client_id: str, refusal: Refusal) -> ResponseReturnValue:
    """Return the client's page with the contact details as typed, and what is wrong with them."""
    return page(client_id, edited=refusal)


@blueprint.post("/clients/<client_id>/particulars", roles=AT_THE_DESK, refused=page_of_client)
def change(client_id: str) -> ResponseReturnValue:
    """Change a client's name, phone, e-mail or language."""
    form = EditClientForm.sent()
    changed = clients.change_client(
        current_services().store,
        current_act(),
        client_id,
        **form.contact,
        postal_address=form.address,
        wants_mail=form.mail_choice,
        large_print=form.print_choice,
    )
    flash_notice(Notice(_("Saved.")))
    return after_deed(changed.id)


@blueprint.post("/clients/<client_id>/profile", roles=AT_THE_DESK)
def put(client_id: str) -> ResponseReturnValue:
    """Add the client to Square's directory, or retry what Square refused."""
    client = clients.put_into_square(current_services().store, current_act(), client_id)
    flash_notice(Notice(_("{client} is being added to Square.", client=client.name)))
    return after_deed(client.id)


@blueprint.get("/clients/<client_id>", roles=AT_THE_DESK)
def show(client_id: str) -> ResponseReturnValue:
    """Show one client; a merged client redirects to the one they were merged into."""
    store = current_services().store
    with store.one_moment():
        known = clients.living_client_id(store, client_id)
        return (
            page(client_id)
            if known == client_id
            else redirect_after_post(url_for("clients.show", client_id=known))
        )


def page(
    client_id: str, edited: Refusal | None = None, say: Say | None = None, **more: Any
) -> ResponseReturnValue:
    """Return the client's page, or its live part to htmx; `more` overrides the defaults of the context."""
    address = url_for("clients.news", client_id=client_id)
    version = _version(client_id)

    def context() -> dict[str, Any]:
        shown = _everything(client_id, edited) | more
        if say is not None:
            say({card.course.id: card.course for card in shown["cards"]})
        return shown

    shown = live.screen(
        "desk/client.html",
        "desk/_client.html",
        address,
        version,
        context,
    )
    # One tap prints a paper from a frame.
    let_page_hold_frame()
    return shown


def page_again(refusal: Refusal) -> ResponseReturnValue:
    """Return the page of the client whose id the refused form sent along."""
    return refused(refusal.typed.get("client_id"), refusal)


def refused(client_id: str | None, refusal: Refusal) -> ResponseReturnValue:
    """Return the page in its current state, and show why the act was refused, or ask for confirmation."""
    if refusal.charges:
        return page(client_id or "", second_charge=refusal)
    flash_notice(Notice(refusal.message, is_bad=True))
    return page(client_id or "")


def after_deed(client_id: str | None, say: Say | None = None) -> ResponseReturnValue:
    """Respond to a change of a client's course: the current page, with the notice that `say` flashes."""
    if client_id is not None and live.is_shown(url_for("clients.news", client_id=client_id)):
        return page(client_id, say=say)
    if say is not None:
        say({})
    if client_id is None:
        return redirect_to("attention.show")
    return redirect_to("clients.show", client_id=client_id)


def only_match() -> str | None:
    """Return the id of the client that alone matches the query, None for none and for several."""
    shown = found(2)
    rows: Sequence[FoundClient] = shown["found"] if shown["q"] else ()
    return rows[0].client.id if len(rows) == 1 and shown["cursor"] is None else None


def found(limit: int) -> dict[str, Any]:
    """Return the clients that match the query `q`, whether there are more, and what is to be done with one."""
    store = current_services().store
    today = pages.today()
    q = request.args.get("q", "").strip()[:120]
    asked = {"q": q, "act": _asked_act(), "act_words": OF_A_COURSE}
    if not q:
        return asked | {"found": clients.recent_clients(store, today=today, limit=limit), "cursor": None}
    matches = clients.find_clients(store, q, today=today, limit=limit, cursor=request.args.get("cursor"))
    return asked | {"found": matches.rows, "cursor": matches.cursor}


def _asked_act() -> str:
    """Return what is to be done with the client who is chosen, "" where they are only looked for."""
    act = request.args.get("act", "")
    return act if act in OF_A_COURSE else ""


def _version(client_id: str) -> PageVersion:
    return version_of_client(current_services().store, client_id, pages.now())


def _everything(client_id: str, edited: Refusal | None = None) -> dict[str, Any]:
    store, has_mail = current_services().store, current_services().mail.is_ready
    client = clients.read_client(store, client_id)
    today = pages.today()
    courses = courses_of_client(store, client.id, today=today, with_shared=True)
    cards = [card_of(course) for course in courses]
    first, histories = _first(cards), [(card.course, lines_of(card.course, pages.clinic())) for card in cards]
    refunds = refunds_of_courses(store, refund_begun(courses), now=pages.now())
    return {
        "client": client,
        "standing": profile_status(store, client.id),
        "letter_not_sent": last_letter_not_sent(store, client),
        "unprinted": missing_in(_printed(client, courses)),
        "documents": documents_of_client(store, client.id, courses),
        "cards": cards,
        "first": first,
        "histories": histories,
        "last_use": _last_use(first, histories),
        "can_add_visit": first is not None
        and takes_visit(first.course)
        and first.course.client_id == client.id,
        "offers": _offers(cards),
        "planned": planned_of_courses(store, courses, now=pages.now()),
        "checkouts": waiting_of_client(store, client.id),
        "refunds_of": refunds,
        "has_mail": has_mail,
        "can_mail": has_mail and bool(client.email) and not (client.mail_problem or client.is_erased),
        "form": EditClientForm.shown(edited, suffix="-change", of=client),
        "details_form": details_form,
        "second_charge": None,
        "refused_details": None,
        "refused_visit": "",
        "searched_course": "",
        "matches": None,
        "apart": told_apart(courses, pages.clinic()),
        **_answers(client),
        "menus": {course.id: menu_for(course, client.id, refunds.get(course.id)) for course in courses},
    }


def _answers(client: ClientView) -> dict[str, Any]:
    """Return what the client answered: ratings to those who treat, and to the desk only whether they rated today."""
    services, act = current_services(), act_without_form()
    is_asked = services.settings.own_ratings and not client.is_erased
    treats = current_user.role != Role.DESK
    return {
        "own_ratings": ratings_of(services.store, act, client.id) if is_asked and treats else None,
        "has_rated_today": is_asked and not treats and has_rated_today(services.store, act, client.id),
        "is_checked": services.settings.treatment_check and not client.is_erased,
        "check": check_of(services.store, act, client.id) if services.settings.treatment_check else None,
        "can_hand_over": services.settings.asks_clients and not client.is_erased,
    }


def _last_use(first: Card | None, histories: Sequence[tuple[CourseView, Sequence[Line]]]) -> Line | None:
    """Return the last use of the course at hand if it was made today and can be undone."""
    lines = next((lines for course, lines in histories if first and course.id == first.course.id), ())
    last = max(
        (line for line in lines if line.what == "used"), key=lambda line: line.written_at, default=None
    )
    today = pages.today()
    is_it = last is not None and last.can_undo and day_at(last.written_at, pages.clinic().zone) == today
    return last if is_it else None


def _offers(cards: Sequence[Card]) -> Sequence[PackageView]:
    """Return what can be sold to a client who has nothing yet."""
    if cards or current_user.role == Role.PRACTITIONER:
        return ()
    packages = list_packages(current_services().store, limit=OFFERS_SHOWN).rows
    return [each for each in packages if each.square_variation_id]


def menu_for(course: CourseView, client_id: str, refund: DeskRefundView | None) -> tuple[MenuGroup, ...]:
    """Return the menu of a course; what is shared with the client is changed on its owner's page."""
    if course.client_id != client_id:
        return ()
    is_refunding = refund is not None and refund.is_under_way
    return menu_of(course, current_user.role, pages.clinic(), is_refunding=is_refunding)


def refund_begun(courses: Sequence[CourseView]) -> list[str]:
    """Return the courses of which a refund was begun, according to their histories."""
    return [course.id for course in courses if course.has_history("refund")]


def details_form(entry_id: str, visit: VisitView, refusal: Refusal | None) -> VisitDetailsForm:
    """Return the form for the details of a visit; a practitioner who left stays on its list while selected."""
    form = VisitDetailsForm.shown(
        refusal,
        suffix=f"-{entry_id}",
        practitioner_id=visit.practitioner_id or "",
        focus=visit.focus,
        note=visit.note,
    )
    # After a conflict, saving again replaces the newest version knowingly.
    form.version.data = str(visit.note_version)
    form.practitioner_id.choices = practitioner_choices(visit.practitioner_id, visit.practitioner)
    return form


def practitioner_choices(selected_id: str | None = None, name: str = "") -> list[tuple[str, str]]:
    """Return who treats, as the options of a field; one who left stays on the list while selected."""
    known = {each.id: each.name for each in _practitioners()}
    if selected_id:
        known.setdefault(selected_id, name)
    return [("", _("Unassigned")), *known.items()]


def own_practitioner_id() -> str:
    """Return the signed-in person where they treat, "" at the desk."""
    return current_user.staff_id if current_user.role == Role.PRACTITIONER else ""


def _practitioners() -> list[StaffView]:
    if "practitioners" not in g:
        staff = list_staff(current_services().store)
        g.practitioners = [each for each in staff if each.role in _WHO_TREATS]
    found: list[StaffView] = g.practitioners
    return found


def _printed(client: ClientView, courses: Sequence[CourseView]) -> Iterator[str]:
    """Yield the free text that is printed on the client's papers."""
    yield client.name
    for course in courses:
        yield course.package_name
        for visit in course.visits:
            yield from (visit.practitioner, *visit.all_areas, *visit.add_ons)


def _first(cards: Sequence[Card]) -> Card | None:
    """Return the course to show first: touch-ups left of an old one come after the sessions of a new one."""
    usable = [card for card in cards if card.next]
    with_sessions = (card for card in usable if card.next and card.next.kind == "main")
    return next(chain(with_sessions, usable, cards), None)


live.add_news(
    blueprint, "/clients/<client_id>/live", "desk/_client.html", _version, _everything, roles=AT_THE_DESK
)
