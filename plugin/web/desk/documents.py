"""Papers of the desk: stored documents with their list and evidence, papers of a course, and of many clients."""

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

from flask import Response, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from plugin.core.acts import Role, require
from plugin.courses.base.keyset import read_order
from plugin.courses.documents import read
from plugin.courses.documents.client_statement import issue_prepaid_balance, statement_of_client
from plugin.courses.documents.content import voucher_letter as letter_of_gift
from plugin.courses.documents.files import document_bytes, reading_copy
from plugin.courses.documents.issuing import invoice_of_course, receipt_of_course, voucher_of_gift
from plugin.courses.documents.paper_emails import PaperKind, send_paper
from plugin.courses.documents.statement import Statement, statement_of_course
from plugin.courses.handouts import batches, cache
from plugin.courses.handouts.batches import MIMETYPES, PDF, ZIP, paper_file_name, safe_name
from plugin.courses.handouts.cache import guide_pdf
from plugin.courses.handouts.selection import CALLED, INVOICE, Choice, Listing, ids_on, people_chosen
from plugin.courses.page_versions import PageVersion, version_of_row
from plugin.courses.reports.evidence import write_evidence
from plugin.courses.visits.arrivals import takes_bookings
from plugin.staff_languages import staff_language
from plugin.web import current_services, live, pages
from plugin.web.access import AT_THE_DESK, DESK, FRESH_FOR, Screens, current_actor
from plugin.web.actions import Notice, act_without_form, current_act, flash_notice, is_fragment, redirect_to
from plugin.web.desk import clients
from plugin.web.desk.forms import BatchForm, PaperMailForm
from plugin.web.refusals import Refusal
from plugin.web.tables import (
    Sorting,
    asked_one,
    asked_search,
    asked_sorting,
    file_answer,
    name_file,
    pdf_answer,
    written_file,
)
from plugin.web.translations import N_, _
from plugin.wording import spoken_tag

SHOWN = 50
_LONGEST_NAME = 80

blueprint = Screens("documents", __name__)


@blueprint.get("/documents/<document_id>.pdf", roles=DESK)
def show(document_id: str) -> Response:
    """Return a document, always the same bytes; with `large`, a copy of it in large print."""
    services = current_services()
    document = read.read_document(services.store, document_id)
    if "large" in request.args:
        pdf = reading_copy(services.store, services.render, document.id)
    else:
        pdf = document_bytes(services.store, services.render, document.id, now=services.clock())
    return pdf_answer(pdf, filename(document), is_framed=True)


@blueprint.get("/courses/<course_id>/invoice.pdf", roles=DESK)
def invoice(course_id: str) -> ResponseReturnValue:
    """Redirect to the invoice of a course, issuing it now if it is not issued yet."""
    return _see(invoice_of_course(current_services().store, act_without_form(), course_id))


@blueprint.get("/courses/<course_id>/receipt.pdf", roles=DESK)
def receipt(course_id: str) -> ResponseReturnValue:
    """Redirect to the receipt of the last payment of a course, issuing those of its sale that are not issued yet."""
    return _see(receipt_of_course(current_services().store, act_without_form(), course_id))


@blueprint.get("/courses/<course_id>/statement.pdf", roles=DESK)
def statement(course_id: str) -> Response:
    """Return the statement of account of the sale of a course, in its current state."""
    services = current_services()
    return _statement(statement_of_course(services.store, services.render, act_without_form(), course_id))


@blueprint.get("/clients/<client_id>/statement.pdf", roles=DESK)
def client_statement(client_id: str) -> Response:
    services = current_services()
    return _statement(statement_of_client(services.store, services.render, act_without_form(), client_id))


@blueprint.get("/clients/<client_id>/prepaid-balance.pdf", roles=DESK)
def prepaid_balance(client_id: str) -> ResponseReturnValue:
    """Redirect to the statement of prepaid balance as of now, issuing it where it is not issued yet."""
    services = current_services()
    secret = services.settings.secret_key.get_secret_value()
    return _see(issue_prepaid_balance(services.store, act_without_form(), client_id, secret=secret))


@blueprint.get("/gifts/<gift_id>/voucher.pdf", roles=DESK)
def voucher(gift_id: str) -> ResponseReturnValue:
    return _see(voucher_of_gift(current_services().store, act_without_form(), gift_id))


@blueprint.get("/gifts/<gift_id>/letter.pdf", roles=DESK)
def voucher_letter(gift_id: str) -> Response:
    """Return the letter that goes with the voucher, to whoever bought the gift."""
    services = current_services()
    made = letter_of_gift(services.store, services.render, act_without_form(), gift_id)
    name = paper_file_name(made.client_name, "voucher letter", pages.today())
    return pdf_answer(made.pdf, name, is_framed=True)


def filename(document: read.DocumentView) -> str:
    """Return a file name that the client recognizes: "Invoice INV-0012, Maria Alvarez.pdf"."""
    safe = "".join(ch for ch in document.client_name if ch.isalnum() or ch in " .-'")[:_LONGEST_NAME].strip()
    numbered = f"{document.called} {document.written_number}"
    return ", ".join(part for part in (numbered, safe) if part) + ".pdf"


def _statement(made: Statement) -> Response:
    name = paper_file_name(made.client_name, "statement of account", pages.today())
    return pdf_answer(made.pdf, name, is_framed=True)


def _see(document_id: str) -> ResponseReturnValue:
    return redirect_to("documents.show", document_id=document_id)


document_list = Screens("document_list", __name__)


@document_list.get("/documents", roles=DESK, endpoint="show")
def find() -> ResponseReturnValue:
    q, kind, sorting = asked_search(), _kind(), _sorting()
    cursor, order = request.args.get("after") or None, read_order(sorting.word, read.ORDERS)
    found = read.find_documents(
        current_services().store, q, kind=kind, order=order, limit=SHOWN, cursor=cursor
    )
    return render_template(
        "owner/documents.html",
        documents=found.rows,
        after=found.cursor,
        is_first=cursor is None,
        kinds=read.KINDS,
        kind=kind,
        q=q,
        sorting=sorting,
        is_asked=bool(q or kind),
    )


@document_list.get("/documents.<ending>", roles=DESK)
def save(ending: str) -> Response:
    order = read_order(_sorting().word, read.ORDERS)
    sheet = read.document_sheet(current_services().store, asked_search(), kind=_kind(), order=order)
    return file_answer(sheet, ending)


def _sorting() -> Sorting:
    return asked_sorting({key: order.is_descending for key, order in read.ORDERS.items()})


def _kind() -> str | None:
    return asked_one("kind", read.KINDS)


guides = Screens("guides", __name__)


@guides.get("/guides/<name>.pdf", roles=AT_THE_DESK, endpoint="show")
def guide(name: str) -> Response:
    """Return a guide; the owner's is for owners only."""
    if name == "owner":
        require(current_actor())
    services = current_services()
    language = staff_language(spoken_tag()).locale.language
    pdf = guide_pdf(services.store, services.render, name, now=services.clock(), language=language)
    return pdf_answer(pdf, _("Coursekeeper guide, {name}.pdf", name=name))


evidence = Screens("evidence", __name__)


@evidence.get("/courses/<course_id>/evidence.zip", fresh=FRESH_FOR, endpoint="save")
def save_evidence(course_id: str) -> Response:
    """Return agreement, visits, e-mails, payments and the ledger of a course as a ZIP."""
    services = current_services()
    act = act_without_form()
    made, course = written_file(
        lambda out: write_evidence(services.store, services.render, act, course_id, out)
    )
    name = ", ".join(
        part for part in ("evidence", safe_name(course.client_name or ""), str(pages.today())) if part
    )
    return send_file(made, mimetype=MIMETYPES[ZIP], as_attachment=True, download_name=f"{name}.zip")


papers = Screens("papers", __name__)


# The papers of a course: endpoint, kind and file name.
_PAPERS = (
    ("summary", cache.SUMMARY, N_("Course summary")),
    ("welcome", cache.WELCOME, N_("Welcome sheet")),
    ("planner", cache.PLANNER, N_("Visit planner")),
    ("next_visit", cache.NEXT_VISIT, N_("Next visit")),
    ("aftercare", cache.AFTERCARE, N_("Aftercare")),
    ("help_card", cache.HELP_CARD, N_("Help card")),
)
# The papers that are sent by e-mail, each as it is when it is sent: endpoint, kind, address, and who may.
_MAILED: tuple[tuple[str, PaperKind, str, tuple[Role, ...]], ...] = (
    ("mail_summary", "summary", "/courses/<course_id>/summary", AT_THE_DESK),
    ("mail_welcome", "welcome", "/courses/<course_id>/welcome", AT_THE_DESK),
    ("mail_planner", "planner", "/courses/<course_id>/planner", AT_THE_DESK),
    ("mail_aftercare", "aftercare", "/visits/<visit_id>/aftercare", AT_THE_DESK),
    ("mail_document", "document", "/documents/<document_id>", DESK),
    ("mail_statement", "statement", "/documents/<document_id>/statement", DESK),
    ("mail_client_statement", "client_statement", "/clients/<client_id>/statement", DESK),
    ("mail_prepaid_balance", "prepaid", "/clients/<client_id>/prepaid-balance", DESK),
)


def _mail(kind: PaperKind, **ids: str) -> ResponseReturnValue:
    """Send a paper to the client it is about; `ids`: the one id in its address."""
    (paper_id,) = ids.values()
    services, form = current_services(), PaperMailForm.sent()
    sent = send_paper(services.store, current_act(), kind, paper_id, has_mail=services.mail.is_ready)
    said = _("{paper} is being sent to {email}. The history will say when it is sent.")
    flash_notice(Notice(said.format(paper=sent.called, email=sent.client.email)))
    return clients.after_deed(form.client_id.data or sent.client.id)


def _paper(kind: str, called: str, course_id: str) -> Response:
    """Return a paper; aftercare sheet and help card are of the last visit unless `visit` names another."""
    services = current_services()
    paper = cache.hand_out(
        services.store,
        services.render,
        act_without_form(),
        course_id,
        kind,
        visit_id=(request.args.get("visit") or None) if kind in (cache.AFTERCARE, cache.HELP_CARD) else None,
        language=request.args.get("language") or None,
        large_print=True if "large" in request.args else None,
        public_url=services.settings.public_url,
    )
    return pdf_answer(paper.pdf, _filename(_(called), paper.client_name), is_framed=True)


def _filename(called: str, client_name: str) -> str:
    """Return a file name that the client recognizes: "Course summary, Maria Alvarez, 2026-11-22.pdf"."""
    today = pages.today()
    return ", ".join(part for part in (called, safe_name(client_name), today.isoformat()) if part) + ".pdf"


def _view(answer: Callable[..., Any], *known: str) -> Callable[..., Any]:
    # The check of the form's token asks every view for its name.
    return update_wrapper(partial(answer, *known), answer)


for _endpoint, _paper_kind, _called in _PAPERS:
    _rule = f"/courses/<course_id>/{_endpoint.replace('_', '-')}.pdf"
    papers.add_url_rule(_rule, _endpoint, _view(_paper, _paper_kind, _called), roles=AT_THE_DESK)
for _endpoint, _mailed, _place, _roles in _MAILED:
    papers.add_url_rule(
        f"{_place}/email",
        _endpoint,
        _view(_mail, _mailed),
        methods=["POST"],
        roles=_roles,
        refused=clients.page_again,
    )


# A batch has no more clients than this; one more shows that there are others.
_LONGEST_LIST = batches.MOST_PAPERS + 1
# Rows of the list at first, and how many more each time.
_ROWS = 50
_LONGEST_SEARCH = 120

many = Screens("batches", __name__)


@many.get("/papers/batches", roles=AT_THE_DESK)
def choose(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the list to choose from, and the available papers."""
    return render_template("desk/batch_new.html", **_choosing(refusal))


@many.post("/papers/batches/list", roles=AT_THE_DESK)
def find_clients() -> ResponseReturnValue:
    """Show another list, with the clients chosen so far still chosen."""
    template = "desk/_batch_list.html" if is_fragment() else "desk/batch_new.html"
    return render_template(template, **_choosing(None))


@many.post("/papers/batches", roles=AT_THE_DESK, refused=choose)
def start() -> ResponseReturnValue:
    listing, form = _listing(), BatchForm.sent()
    day = pages.today() if listing is Listing.CAME else None
    choice = Choice(tuple(sorted(_chosen(listing, form))), tuple(form.paper.data), day)
    batch_id = batches.start_batch(current_services().store, current_act(), choice, form.form.data)
    return redirect_to("batches.show_batch", batch_id=batch_id)


@many.get("/papers/batches/<batch_id>", roles=AT_THE_DESK)
def show_batch(batch_id: str) -> ResponseReturnValue:
    """Show the progress of the batch, or where to download the file."""
    address = url_for("batches.news", batch_id=batch_id)
    return live.screen(
        "desk/batch.html", "desk/_batch.html", address, _version(batch_id), lambda: _everything(batch_id)
    )


@many.post("/papers/batches/<batch_id>/stop", roles=AT_THE_DESK)
def cancel(batch_id: str) -> ResponseReturnValue:
    batches.cancel_batch(current_services().store, current_act(), batch_id)
    return redirect_to("batches.show_batch", _("Stopped. No more papers are made."), batch_id=batch_id)


@many.get("/papers/batches/<batch_id>/file", roles=AT_THE_DESK)
def fetch(batch_id: str) -> ResponseReturnValue:
    """Return the file: a PDF to view and print, a ZIP to save."""
    made = batches.batch_file(current_services().store, current_actor(), batch_id)
    response = Response(made.content, mimetype=made.mimetype)
    return name_file(response, made.name, "inline" if made.name.endswith(f".{PDF}") else "attachment")


def _choosing(refusal: Refusal | None) -> dict[str, Any]:
    store, today, now = current_services().store, pages.today(), pages.now()
    form, listing = BatchForm(request.values), _listing()
    # A refused form refers to the list as it was shown, whatever was typed into the search since.
    q = (form.q if refusal is None else form.shown_q).data.strip()[:_LONGEST_SEARCH]
    found = _found(listing, q)
    is_same_list = q == form.shown_q.data
    # Each of everyone has a row, so that some of them can be unticked.
    is_everyone = is_same_list and form.everyone.data
    chosen = set(form.client.data) if is_everyone else _chosen(listing, form)
    on_list = found[: batches.MOST_PAPERS]
    rows = on_list if is_everyone else on_list[: _wanted_rows(form, is_same_list)]
    return {
        "listing": listing.value,
        "q": q,
        "shown": people_chosen(store, rows, today=today),
        "has_more": len(rows) < len(on_list),
        "found": len(found),
        "most": batches.MOST_PAPERS,
        "chosen": chosen,
        "chosen_elsewhere": people_chosen(store, chosen.difference(rows), today=today),
        "is_everyone": is_everyone,
        "papers": _papers(),
        "wanted": form.paper.data or ["summary"],
        "form": form.form.data or PDF,
        "takes_bookings": takes_bookings(store, now),
        "mine": batches.batches_of(store, current_actor(), now),
        "refusal": refusal,
    }


def _chosen(listing: Listing, form: BatchForm) -> set[str]:
    """Return the ticked clients; "everyone" means the list as it was shown, before a new search."""
    everyone = _found(listing, form.shown_q.data) if form.everyone.data else ()
    return {*form.client.data, *everyone}


def _found(listing: Listing, q: str) -> tuple[str, ...]:
    store = current_services().store
    return ids_on(store, listing, q, today=pages.today(), now=pages.now(), limit=_LONGEST_LIST)


def _wanted_rows(form: BatchForm, is_same_list: bool) -> int:
    if not is_same_list:
        return _ROWS
    return (form.rows.number or _ROWS) + (_ROWS if form.more.data else 0)


def _listing() -> Listing:
    wanted = request.values.get("list", "")
    return Listing(wanted) if wanted in list(Listing) else Listing.ALL


def _papers() -> dict[str, str]:
    """Return the papers this person may print for others: practitioners don't handle payments."""
    is_at_desk = current_user.role != Role.PRACTITIONER
    return {kind: called for kind, called in CALLED.items() if is_at_desk or kind != INVOICE}


def _version(batch_id: str) -> PageVersion:
    return version_of_row(current_services().store, batch_id, pages.now())


def _everything(batch_id: str) -> dict[str, Any]:
    batch = batches.read_batch(current_services().store, current_actor(), batch_id)
    return {"batch": batch, "called": CALLED}


live.add_news(
    many, "/papers/batches/<batch_id>/live", "desk/_batch.html", _version, _everything, roles=AT_THE_DESK
)
