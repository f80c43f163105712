"""The client's private page: sessions left, bookings, visits and papers. Opened by its address alone.

Without a valid address it discloses nothing: every other one gets the same page.
"""

from http import HTTPStatus
from typing import Any

from flask import Response, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from invoices.language import Language, language_for
from invoices.papers import NextVisit
from plugin.core.acts import Role
from plugin.core.moments import day_at
from plugin.courses.agreements.prepare import agreement_pdf, signed_agreements
from plugin.courses.base.views import ClientView, CourseView
from plugin.courses.catalog.names import Names
from plugin.courses.clients.clients import read_client
from plugin.courses.clients.private_page import client_of_page
from plugin.courses.clients.wallet_passes import google_pass, note_made
from plugin.courses.documents.client_statement import issue_prepaid_balance, statement_of_client
from plugin.courses.documents.files import document_bytes, reading_copy
from plugin.courses.handouts.cache import AFTERCARE, HELP_CARD, PLANNER, SUMMARY, WELCOME, hand_out
from plugin.courses.handouts.status import next_visit_in
from plugin.courses.handouts.wallet_pass import course_pass, facts_of, google_pass_of, save_link
from plugin.courses.handouts.welcome import calendar_file
from plugin.courses.quotes.views import quotes_of_client
from plugin.courses.visits.visits import planned_of_courses
from plugin.errors import CoursekeeperError
from plugin.wallet.jobs import account_of, signer_of
from plugin.web import current_services, pages, wallet
from plugin.web.actions import act_by
from plugin.web.client_page.data import first_name, issued_to, own_courses, visible_courses
from plugin.web.client_page.keyed import GUEST, KeyedPages, excuse, read_in, reader, spoken
from plugin.web.client_page.ratings import CHECK, check_part, ratings_part, save_answer
from plugin.web.desk.card import told_apart
from plugin.web.tables import name_file, pdf_answer

# In the address by which staff look at the page itself.
AS_CLIENT = "as_client"

blueprint = KeyedPages("my", __name__, scope="my pages", often="120 per minute", failed=None)


@blueprint.get("/my/<token>")
def show(token: str) -> ResponseReturnValue:
    """Show the page; staff who scan its code are led to the client, unless they ask to see what the client sees."""
    client = client_of(token)
    if current_user.is_authenticated and AS_CLIENT not in request.args:
        return redirect(url_for("clients.show", client_id=client.id), code=303)
    return _page(token, client)


@blueprint.post("/my/<token>/ratings")
def answer(token: str) -> ResponseReturnValue:
    """Save what the client answered about their ratings. Staff who look at the page do not answer for them."""
    client = client_of(token)
    if current_user.is_authenticated:
        return redirect(url_for("clients.show", client_id=client.id), code=303)
    act = act_by(GUEST)
    wrong = save_answer(act, client.id, language_for(client.language), source="page")
    if wrong:
        return _page(token, client, wrong), HTTPStatus.UNPROCESSABLE_ENTITY
    return redirect(url_for("my.show", token=token, _anchor=CHECK if _is_check() else "ratings"), code=303)


def _page(token: str, client: ClientView, wrong: str = "") -> str:
    language = language_for(client.language)
    own = own_courses(current_services().store, client, language, today=pages.today())
    return render_template(
        "client/my.html",
        **spoken(language),
        token=token,
        first_name=first_name(client.name),
        courses=own.current,
        apart=told_apart([each.card.course for each in (*own.current, *own.earlier)], pages.clinic()),
        earlier=own.earlier,
        names=own.names,
        next_visit=_next_visit(client),
        planned=planned_of_courses(
            current_services().store,
            [each.card.course for each in own.current if each.is_theirs],
            now=pages.now(),
        ),
        quotes=[
            each
            for each in quotes_of_client(current_services().store, client.id, now=pages.now())
            if each.is_open
        ],
        agreements=signed_agreements(current_services().store, client.id),
        now=pages.now(),
        tips=current_services().settings.tip_links
        and any(line.visit_id for each in (*own.current, *own.earlier) for line in each.lines),
        buys_again=current_services().settings.client_buys_again,
        answers=url_for("my.answer", token=token),
        wallets=wallet.wallets_for(request.user_agent.string),
        has_account=any(
            each.kind == "invoice" for course in (*own.current, *own.earlier) for each in course.documents
        ),
        **_ratings(client, own.names, "" if _is_check() else wrong),
        **_check(client, language, wrong if _is_check() else ""),
    )


def _is_check() -> bool:
    return request.form.get("do") == CHECK


def _check(client: ClientView, language: Language, wrong: str) -> dict[str, Any]:
    """Return the check before a treatment, on the day of a visit or where none is booked."""
    booked, day = _next_visit(client), pages.today()
    if booked is not None and day_at(booked.at, pages.clinic().zone) != day:
        return {"check_list": None}
    return check_part(client.id, language, today=day) | {"check_wrong": wrong}


def _ratings(client: ClientView, names: Names, wrong: str) -> dict[str, Any]:
    # The desk may look at the page; the numbers are the client's and of those who treat.
    if current_user.is_authenticated and current_user.role == Role.DESK:
        return {"ratings": None}
    return ratings_part(client.id, today=pages.today(), names=names, wrong=wrong)


@blueprint.get("/my/<token>/agreements/<agreement_id>.pdf")
def agreement(token: str, agreement_id: str) -> Response:
    client, store = client_of(token), current_services().store
    if agreement_id not in {each.id for each in signed_agreements(store, client.id)}:
        abort(404)
    name = language_for(client.language).gettext("Course agreement")
    return _pdf(agreement_pdf(store, agreement_id), name)


@blueprint.get("/my/<token>/courses/<course_id>/summary.pdf")
def summary(token: str, course_id: str) -> Response:
    return _of_own_course(token, course_id, SUMMARY)


@blueprint.get("/my/<token>/courses/<course_id>/welcome.pdf")
def welcome(token: str, course_id: str) -> Response:
    return _of_own_course(token, course_id, WELCOME)


@blueprint.get("/my/<token>/courses/<course_id>/planner.pdf")
def planner(token: str, course_id: str) -> Response:
    return _of_own_course(token, course_id, PLANNER)


@blueprint.get("/my/<token>/courses/<course_id>/visits.ics")
def calendar(token: str, course_id: str) -> Response:
    """Return the booked and planned visits of one of their courses, for a calendar."""
    client = client_of(token)
    if not any(each.id == course_id and each.client_id == client.id for each in _courses(client)):
        abort(404)
    services = current_services()
    file = calendar_file(services.store, course_id, now=services.clock(), language=client.language)
    response = make_response(file)
    response.mimetype = "text/calendar"
    return name_file(response, "visits.ics")


def _of_own_course(token: str, course_id: str, kind: str) -> Response:
    client = client_of(token)
    course = next((each for each in _courses(client) if each.id == course_id), None)
    if course is None or course.client_id != client.id:
        abort(404)
    return _paper(client, course.id, kind)


@blueprint.get("/my/<token>/courses/<course_id>/wallet.pkpass")
def wallet_pass(token: str, course_id: str) -> Response:
    """Return one of their courses as a pass for Apple Wallet, where the clinic has a certificate."""
    client, services = client_of(token), current_services()
    if not services.settings.has_wallet or not _is_theirs(client, course_id):
        abort(404)
    signer = signer_of(services.settings)
    made = course_pass(services.store, signer, wallet.place(), course_id)
    # Staff who look at the page keep no pass.
    if not current_user.is_authenticated:
        note_made(services.store, act_by(GUEST), course_id, client.id)
    return wallet.pass_response(made, "course")


@blueprint.get("/my/<token>/courses/<course_id>/google-wallet")
def google_wallet(token: str, course_id: str) -> ResponseReturnValue:
    """Lead to Google, where one of their courses is saved as a pass. Staff who look at the page save none."""
    client, services = client_of(token), current_services()
    if not services.settings.has_google_wallet or not _is_theirs(client, course_id):
        abort(404)
    if current_user.is_authenticated:
        return redirect(url_for("clients.show", client_id=client.id), code=303)
    act = act_by(GUEST)
    account, said = account_of(services.settings), facts_of(services.store, course_id, act.now)
    pass_id = google_pass(services.store, act, course_id, client.id)
    return redirect(save_link(account, pass_id, google_pass_of(said), act.now), code=303)


def _is_theirs(client: ClientView, course_id: str) -> bool:
    return any(each.id == course_id and each.client_id == client.id for each in _courses(client))


@blueprint.get("/my/<token>/visits/<visit_id>/aftercare.pdf")
def aftercare(token: str, visit_id: str) -> Response:
    return _of_own_visit(token, visit_id, AFTERCARE)


@blueprint.get("/my/<token>/visits/<visit_id>/help-card.pdf")
def help_card(token: str, visit_id: str) -> Response:
    """Return its steps of help alone, on a card."""
    return _of_own_visit(token, visit_id, HELP_CARD)


def _of_own_visit(token: str, visit_id: str, kind: str) -> Response:
    client = client_of(token)
    theirs = (
        course.id
        for course in _courses(client)
        for each in course.visits
        if each.id == visit_id and each.client_id == client.id
    )
    course_id = next(theirs, None)
    if course_id is None:
        abort(404)
    return _paper(client, course_id, kind, visit_id=visit_id)


@blueprint.get("/my/<token>/documents/<document_id>.pdf")
def document(token: str, document_id: str) -> Response:
    """Return an invoice or a credit note that was issued to them."""
    client, services = client_of(token), current_services()
    issued = issued_to(services.store, client, [course.id for course in _courses(client)])
    found = {each.id: each for documents in issued.values() for each in documents}
    if document_id not in found:
        abort(404)
    if "large" in request.args:
        pdf = reading_copy(services.store, services.render, document_id)
    else:
        pdf = document_bytes(services.store, services.render, document_id, now=services.clock())
    return _pdf(pdf, found[document_id].number)


@blueprint.get("/my/<token>/statement.pdf")
def statement(token: str) -> Response:
    client, services = client_of(token), current_services()
    act = act_by(GUEST)
    made = statement_of_client(services.store, services.render, act, client.id)
    return _pdf(made.pdf, language_for(client.language).gettext("Statement of account"))


@blueprint.get("/my/<token>/prepaid-balance.pdf")
def prepaid_balance(token: str) -> Response:
    """Return what they have paid for and not used, as of now."""
    client, services = client_of(token), current_services()
    act, secret = act_by(GUEST), services.settings.secret_key.get_secret_value()
    issued = issue_prepaid_balance(services.store, act, client.id, secret=secret)
    pdf = document_bytes(services.store, services.render, issued, now=act.now)
    return _pdf(pdf, language_for(client.language).gettext("Prepaid balance"))


@blueprint.errorhandler(CoursekeeperError)
def not_ready(error: CoursekeeperError) -> ResponseReturnValue:
    """Return a page without the paper; the reason is the clinic's matter."""
    said = reader().gettext("This paper is not ready just now. Try again in a minute, or ask {clinic}.")
    return excuse(error, said)


def client_of(token: str) -> ClientView:
    """Return the client whose page this token opens; 404 for an unknown one."""
    client_id = client_of_page(current_services().store, token)
    if client_id is None:
        abort(404)
    client = read_client(current_services().store, client_id)
    read_in(client.language)
    return client


def _courses(client: ClientView) -> tuple[CourseView, ...]:
    return visible_courses(current_services().store, client, today=pages.today())


def _next_visit(client: ClientView) -> NextVisit | None:
    with current_services().store.reading() as session:
        return next_visit_in(session, [client.id], pages.now())


def _paper(client: ClientView, course_id: str, kind: str, *, visit_id: str | None = None) -> Response:
    services = current_services()
    pdf = hand_out(
        services.store,
        services.render,
        act_by(GUEST),
        course_id,
        kind,
        visit_id=visit_id,
        language=client.language,
        large_print=True if "large" in request.args else None,
        public_url=services.settings.public_url,
    ).pdf
    language = language_for(client.language)
    called = {
        SUMMARY: language.gettext("Course summary"),
        WELCOME: language.gettext("Welcome sheet"),
        PLANNER: language.gettext("Your visits"),
        AFTERCARE: language.gettext("Aftercare"),
        HELP_CARD: language.gettext("Help card"),
    }
    return _pdf(pdf, called[kind])


def _pdf(pdf: bytes, called: str) -> Response:
    return pdf_answer(pdf, f"{called}.pdf")
