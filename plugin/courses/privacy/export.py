"""All personal data of a client, table by table, for a person who requests access to it.

Which rows are theirs is marked on the tables (`plugin.store.base`). Every table has a title here or a
reason in `NOT_ABOUT_CLIENTS`: a test fails if a new table has neither.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, LargeBinary, or_, select, true
from sqlalchemy.orm import Session

from plugin.core.acts import Act, require
from plugin.core.moments import rfc3339
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.views import ClientView
from plugin.courses.clients.clients import client_in
from plugin.courses.privacy.subject import SubjectData, subject_data_in
from plugin.store import Store
from plugin.store.base import Base, columns_of, rows_of
from plugin.store.tables import Inbox, Staff, VisitOption, models
from plugin.wording import N_

SECTIONS = {
    "client": N_("Contact details"),
    "client_merge": N_("Merged profiles"),
    "square_customer": N_("Profiles in Square"),
    "square_person": N_("As Square’s directory has them"),
    "profile_note": N_("Balance written to Square"),
    "course": N_("Courses"),
    "allowance": N_("Sessions in the courses"),
    "visit": N_("Visits"),
    "planned_visit": N_("Planned visits"),
    "visit_note": N_("Notes of the visits"),
    "visit_note_option": N_("Focus areas and add-ons of the visits"),
    "check_answer": N_("Checks before a treatment"),
    "rated_concern": N_("Concerns that they rate"),
    "own_rating": N_("Their own ratings"),
    "rating_choice": N_("What they chose about their ratings"),
    "hand_over": N_("Devices handed to them"),
    "entry": N_("Every change of sessions and value"),
    "history": N_("What else became of the courses"),
    "course_origin": N_("Transferred from"),
    "course_share": N_("Shared courses"),
    "gift": N_("Gifts"),
    "allowed_ahead": N_("Allowed before it was paid"),
    "booking": N_("Appointments"),
    "checkout": N_("Sales begun at the desk"),
    "tip": N_("Tips"),
    "public_order": N_("Packages chosen on the public page"),
    "buy_again": N_("Packages bought again"),
    "desk_refund": N_("Refunds begun at the desk"),
    "desk_refund_part": N_("Where refunds went"),
    "square_refund": N_("Refunds as reported by Square"),
    "dispute": N_("Disputed payments"),
    "imported_course": N_("Brought in from a file"),
    "bulk_item": N_("Changed together with other courses"),
    "handout": N_("Papers handed out"),
    "paper": N_("Papers kept ready"),
    "sale_record": N_("Sales as reported by Square"),
    "document": N_("Invoices, credit notes, receipts and vouchers"),
    "document_course": N_("What they are about"),
    "document_file": N_("Their files"),
    "quote": N_("Quotes made for them"),
    "agreement": N_("Agreements shown to them"),
    "agreement_signature": N_("How they signed agreements"),
    "agreement_order": N_("Which orders of the public page were paid under agreements"),
    "agreement_sale": N_("Which sales were begun under agreements"),
    "visit_letter": N_("Letters after visits"),
    "client_letter": N_("Letters about the courses"),
    "letter_choice": N_("Letters they declined"),
    "private_page": N_("Client page"),
    "wallet_pass": N_("Passes in their wallet"),
    "client_opening": N_("Who opened their data"),
    "activity": N_("What was done with their data"),
    "attention": N_("Questions that were asked"),
    "inbox": N_("Messages from Square"),
    "outbox": N_("Done for them"),
    "event_delivery": N_("Sent to the clinic’s other programs"),
}
NOT_ABOUT_CLIENTS = {
    "api_token": "Programs of the clinic.",
    "alarm": "What went wrong with the program.",
    "audit_run": "What the nightly audit found, by the ids of rows.",
    "backup_run": "When backups were made.",
    "backup_state": "What backups are encrypted with.",
    "bookmark": "How far Square was read.",
    "books_closed": "The owner’s books.",
    "check_list": "What the clinic asks before a treatment.",
    "bulk_act": "What was done to many courses at once; each course is told with its client.",
    **dict.fromkeys(
        (
            *("listed_course", "listed_client", "listed_sum", "unlisted_course", "listing_state"),
            *("progress_sum", "listed_balance", "balance_sum", "follow_up_sum"),
        ),
        "What the list of courses is sorted by: computed from the courses, and renamed with the client.",
    ),
    "client_digits": "By which a part of a phone number is found: computed from the client’s contact, deleted with it.",
    **dict.fromkeys(
        ("period_total", "use_total", "untotalled_entry", "moved_use", "totals_state"),
        "Sums of the ledger’s entries, which are part of it themselves.",
    ),
    "journal_chart": "The clinic’s accounts.",
    "money_posting": "Amounts of sales for the accountant; the sales themselves are told.",
    "payment_fee": "What Square kept of payments; the sales themselves are told.",
    "event_receiver": "Programs of the clinic.",
    "outgoing_event": "Ids and figures of what is told as entries; no personal data.",
    "heartbeat": "When the worker last showed that it runs.",
    "clinic": "The clinic itself.",
    "connection": "How the clinic is let into Square.",
    "document_series": "How the clinic’s numbers look.",
    "erased_profile": "Hashes that identify nobody.",
    "ignored_item": "What is no package.",
    "import_batch": "A file of the clinic’s; what came of it stands with each course.",
    "installation": "Which version runs.",
    "letter_setting": "Which letters the clinic sends.",
    "limit_hit": "Counted tries under a rate limit; deleted within the hour.",
    "listing": "What is for sale.",
    "logo": "The clinic’s picture.",
    "oauth_attempt": "How the clinic is let into Square.",
    "opening_hours": "When the clinic is open.",
    "operation": "Keys and digests of what was asked; what came of it stands in its own table.",
    "package": "What is for sale.",
    "package_content": "What is for sale.",
    "paper_batch": "Which courses’ papers were asked for together; the file is forgotten after a day.",
    "passkey": "How staff sign in.",
    "pin_tries": "How staff sign in.",
    "check_in_screen": "Browsers at which clients check in; the arrival stands with the appointment.",
    **dict.fromkeys(("ledger_seal", "sealed_row"), "Hashes of what is told as entries, history and papers."),
    "saved_view": "Filters of a list that staff named; they name no client.",
    "setting": "How the clinic runs this.",
    "shared_device": "Tablets of the clinic.",
    "setup": "How far the clinic is set up.",
    "sign_in": "Sessions of staff.",
    "staff": "Who works there.",
    "sweep": "When Square was looked through; it names ids of Square’s alone.",
    "name_translation": "Names of what is for sale.",
    "visit_option": "The lists that notes are tapped from.",
    "version": "How often what a page shows has changed; opaque ids and numbers.",
    "terminal": "The clinic’s card readers.",
    "treatment": "What is for sale.",
    "treatment_text": "What the clinic says of a treatment.",
}


@dataclass(frozen=True, slots=True)
class Section:
    """The client's rows of one table."""

    name: str
    title: str
    rows: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class ClientExport:
    """All personal data of a client at the time of the request."""

    clinic: str
    client: ClientView
    asked_at: datetime
    sections: tuple[Section, ...]

    def to_json(self) -> str:
        """Return it for programs: UTF-8, times in UTC."""
        sections = {each.name: list(each.rows) for each in self.sections}
        head = {"clinic": self.clinic, "client_id": self.client.id, "asked_at": self.asked_at}
        return json.dumps({**head, "held": sections}, ensure_ascii=False, indent=2, default=_written)


def export_client(store: Store, act: Act, client_id: str) -> ClientExport:
    """Return all personal data of a client, for the owner; raises NotFound."""
    require(act.actor)
    with store.reading() as session:
        client = client_in(session, client_id)
        subject = subject_data_in(session, client.id)
        names = {row.id: row.name for row in session.scalars(select(Staff))}
        names |= {row.id: row.name for row in session.scalars(select(VisitOption))}
        sections = tuple(_section(session, name, title, subject, names) for name, title in SECTIONS.items())
        return ClientExport(clinic_in(session).name, client, act.now, sections)


def _section(session: Session, name: str, title: str, subject: SubjectData, names: dict[str, str]) -> Section:
    model = models()[name]
    theirs = rows_of(model, subject)
    names_them: Callable[[Any, SubjectData], bool] = _every_row
    if name in _SEARCHED:
        might_name_them, names_them = _SEARCHED[name]
        theirs = might_name_them(subject)
    if theirs is None:
        raise LookupError(f"no column of {name} is marked with whom a row belongs to")
    found = session.scalars(select(model).where(theirs).order_by(*model.__table__.primary_key))
    return Section(name, title, tuple(_row(row, names) for row in found if names_them(row, subject)))


def _is_shown(column: Column[Any]) -> bool:
    """Return whether the column is shown.

    Left out is what is derived from other columns, and the bytes of papers, whose content is shown.
    """
    is_derived = column.computed is not None or column.key in ("search_text", "name_folded")
    return not is_derived and not isinstance(column.type, LargeBinary)


def _row(row: Base, names: dict[str, str]) -> dict[str, Any]:
    values = {each.key: getattr(row, each.key) for each in columns_of(type(row)) if _is_shown(each)}
    for name in ("practitioner_id", "staff_id", "option_id"):
        if values.get(name) in names:
            # The reader knows people and things by name, not by our ids.
            values[name.removesuffix("_id")] = names[values[name]]
    if isinstance(values.get("content"), str):
        values["content"] = _parsed(values["content"])
    return values


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _written(value: object) -> str:
    if isinstance(value, datetime):
        return rfc3339(value)
    return value.isoformat() if isinstance(value, date) else str(value)


# Tables whose rows name clients in their content: how to narrow the search, and which rows found really
# match.


def _all_rows(_subject: SubjectData) -> ColumnElement[bool]:
    return true()


def _every_row(_row: Any, _subject: SubjectData) -> bool:
    return True


def _is_item_about(row: Any, subject: SubjectData) -> bool:
    return subject.is_asked_about_in(row) or subject.words.are_in(json.dumps(row.details, ensure_ascii=False))


def _might_be_message_about(subject: SubjectData) -> ColumnElement[bool]:
    orders = (Inbox.body.contains(one) for one in subject.order_ids)
    return or_(subject.own_words.might_be_in(Inbox.body), *orders)


def _is_message_about(row: Any, subject: SubjectData) -> bool:
    if any(one in row.body for one in subject.order_ids):
        return True
    return subject.own_words.are_in(json.dumps(_parsed(row.body), ensure_ascii=False))


_SEARCHED: dict[
    str,
    tuple[Callable[[SubjectData], ColumnElement[bool]], Callable[[Any, SubjectData], bool]],
] = {
    "attention": (_all_rows, _is_item_about),
    "inbox": (_might_be_message_about, _is_message_about),
}
