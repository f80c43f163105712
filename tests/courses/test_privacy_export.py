"""The data on a client: complete, because a new table forces a decision, and no one else's."""

import json
from typing import Any

import pytest
from sqlalchemy import JSON, Column, ForeignKey, LargeBinary, MetaData, String, Table, select

from plugin.core.acts import Role
from plugin.courses.changes.gifts import NewGift, give_course, redeem_gift
from plugin.courses.privacy.export import NOT_ABOUT_CLIENTS, SECTIONS, ClientExport, _is_shown, export_client
from plugin.courses.privacy.field_names import FIELD_NAMES
from plugin.courses.privacy.subject import SubjectData, subject_data_in
from plugin.errors import NotAllowed, NotFound
from plugin.store.base import columns_of, rows_of
from plugin.store.ledger import Course
from plugin.store.tables import METADATA, models
from tests.courses.appointments import Appointments
from tests.courses.clinic import EMAIL, NAME, Somebody
from tests.courses.desk import DEB, OLGA


def _held(zoe: Somebody) -> ClientExport:
    return export_client(zoe.store, zoe.desk.act(OLGA), zoe.id)


def _about_clients(metadata: MetaData) -> set[str]:
    """Every table from which a way of foreign keys leads to a client."""
    found = {"client"}
    while more := {
        table.name
        for table in metadata.tables.values()
        if table.name not in found and any(key.column.table.name in found for key in table.foreign_keys)
    }:
        found |= more
    return found


def test_every_table_that_leads_to_a_client_is_told() -> None:
    told = set(SECTIONS)
    assert _about_clients(METADATA) <= told


def test_of_every_other_table_it_is_said_why_it_is_not() -> None:
    told = set(SECTIONS)
    assert told | set(NOT_ABOUT_CLIENTS) == set(METADATA.tables)
    assert not told & set(NOT_ABOUT_CLIENTS)
    assert all(NOT_ABOUT_CLIENTS.values())


def test_a_new_table_would_be_missed() -> None:
    planted = MetaData()
    for table in METADATA.sorted_tables:
        table.to_metadata(planted)
    key: Column[Any] = Column("visit_id", ForeignKey("visit.id"))
    Table("photo", planted, key)
    assert _about_clients(planted) - set(SECTIONS) == {"photo"}


def test_every_column_on_the_page_has_a_name_and_no_name_is_for_nothing() -> None:
    classes = models()
    shown = {each.key for table in SECTIONS for each in columns_of(classes[table]) if _is_shown(each)}
    ours = {key for key in shown if key.endswith("_id") and not key.startswith("square_")}
    # Our own ids are not shown, but the names of whom or what three of them are about.
    in_words = {"practitioner", "staff", "option"}
    assert (shown - ours - {"id", "merged_into"}) | in_words == set(FIELD_NAMES)


# Text in tables about clients without personal data, by the column's name.
IMPERSONAL = {
    **dict.fromkeys(
        ("arrived_by", "by", "changed_by", "closed_by", "ended_by", "erased_by", "imported_by", "outcome_by"),
        "Staff.",
    ),
    **dict.fromkeys(
        ("redeemed_by", "resolved_by", "started_by", "taken_back_by", "talked_by", "undone_by"), "Staff."
    ),
    **dict.fromkeys(
        ("package_name", "terms", "treatment", "service_name", "team_member_name"), "The clinic’s."
    ),
    **dict.fromkeys(("dedupe", "event_id", "event_type", "idempotency_key", "subject"), "Ids and kinds."),
    **dict.fromkeys(("credit_for", "mapping", "wish"), "Ids, amounts and columns."),
    "present": "Staff.",
    "reason": "Square's code for why a payment is disputed; ours are all marked.",
    "name": "Of the file that was imported.",
    "file": "Deleted a week after the upload, or with the import; a batch of papers at once with the client.",
    "left_out": "Deleted with the batch of papers.",
}


def _unmarked(metadata: MetaData) -> set[str]:
    """Return the columns of text or content, in tables about clients, that have no mark and no reason for it."""
    return {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        if table.name not in NOT_ABOUT_CLIENTS
        or table.name in ("import_batch", "operation", "sweep", "paper_batch")
        for column in table.columns
        if isinstance(column.type, JSON | LargeBinary) or _is_long_text(column)
        if "personal" not in column.info and column.name not in IMPERSONAL
    }


def _is_long_text(column: Column[str]) -> bool:
    is_id = column.foreign_keys or column.primary_key or column.name.startswith(("square_", "return_order"))
    return isinstance(column.type, String) and (column.type.length or 1000) >= 80 and not is_id


def test_every_column_that_may_name_a_client_is_marked() -> None:
    assert _unmarked(METADATA) == set()


def test_a_new_column_without_a_mark_would_be_missed() -> None:
    planted = MetaData()
    Table(
        "visit",
        planted,
        Column("allergies", String(500)),
        Column("photo", LargeBinary),
        Column("kind", String(20)),
    )
    assert _unmarked(planted) == {"visit.allergies", "visit.photo"}


def test_of_every_table_about_clients_it_is_marked_whose_row_it_is(lite: Appointments) -> None:
    subject = _subject(lite)
    unowned = {name for name in SECTIONS if rows_of(models()[name], subject) is None}
    # Their content is searched instead.
    assert unowned == {"attention", "inbox"}


def _subject(lite: Appointments) -> SubjectData:
    zoe = Somebody(lite)
    with zoe.store.reading() as session:
        return subject_data_in(session, zoe.id)


def test_it_holds_something_of_each_section(lite: Appointments) -> None:
    zoe = Somebody(lite)
    zoe.everywhere()
    zoe.agreed()
    zoe.invoiced()
    held = _held(zoe)
    # Nothing is planned; her course was passed to others, none received; nothing was bought again, no e-mail was
    # due or declined, no pass was added to a wallet, and no other program is told of anything.
    empty = [
        "planned_visit",
        "course_origin",
        "tip",
        "public_order",
        "buy_again",
        "agreement_order",
        "client_letter",
        "letter_choice",
        "wallet_pass",
        "event_delivery",
    ]
    assert [each.name for each in held.sections if not each.rows] == empty
    told = json.loads(held.to_json())
    assert told["held"]["client"][0]["name"] == NAME
    assert {row["square_customer_id"] for row in told["held"]["square_customer"]} >= {"CUSTOMER-ZOE"}
    (note,) = told["held"]["visit_note"]
    assert (note["note"], note["points"]) == ("her wedding", "LI4 before her wedding")
    assert [row["option"] for row in told["held"]["visit_note_option"]] == ["Fine lines"]
    assert NAME in json.dumps(told["held"]["handout"][0]["content"], ensure_ascii=False)
    assert EMAIL in held.to_json()
    assert told["held"]["document"][0]["content"]["paper"]["billed_to"]["name"] == NAME


def test_whether_they_are_somebody_twice_is_told_as_well(lite: Appointments) -> None:
    zoe = Somebody(lite)
    zoe.maybe_twice()
    [asked] = json.loads(_held(zoe).to_json())["held"]["attention"]
    assert (asked["kind"], asked["details"]["client_ids"][0]) == ("possible_duplicate", zoe.id)


def test_an_invoice_of_what_was_given_to_them_is_the_givers(lite: Appointments) -> None:
    zoe = Somebody(lite)
    zoe.invoiced()
    with zoe.store.reading() as session:
        [course] = session.scalars(select(Course.id).where(Course.square_order_id == "ORDER-PAPER"))
    cleo = zoe.desk.client("Cleo Finch")
    give_course(zoe.store, zoe.desk.act(), course, NewGift("Cleo"), make_code=lambda: "ABCDEFGH2345")
    redeem_gift(zoe.store, zoe.desk.act(), "ABCDEFGH2345", cleo)
    of_cleo = json.loads(export_client(zoe.store, zoe.desk.act(OLGA), cleo).to_json())["held"]
    assert ([each["id"] for each in of_cleo["course"]], of_cleo["document"]) == ([course], [])
    assert json.loads(_held(zoe).to_json())["held"]["document"][0]["number"] == "INV-0001"


def test_it_holds_nothing_of_anybody_else(lite: Appointments) -> None:
    zoe = Somebody(lite)
    zoe.desk.use(zoe.desk.sell(), note="Ana likes it quiet")
    text = _held(zoe).to_json()
    assert "Ana" not in text
    assert "CUSTOMER-ANA" not in text


def test_it_is_the_owners_alone_and_of_somebody_who_is_there(lite: Appointments) -> None:
    zoe = Somebody(lite)
    assert DEB.role is Role.DESK
    with pytest.raises(NotAllowed):
        export_client(zoe.store, zoe.desk.act(DEB), zoe.id)
    with pytest.raises(NotFound):
        export_client(zoe.store, zoe.desk.act(OLGA), "nobody")
