"""The database refuses a wrong ledger, whoever writes to it: every rule broken on purpose, on both engines."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from plugin.store import Store
from plugin.store.tables import METADATA
from plugin.store.triggers import BLANKED_AT_MOST, ERASABLE, KEPT
from tests.courses.desk import Desk
from tests.store.raw import RawLedger


def used(before: int, sessions: int, **other: Any) -> dict[str, Any]:
    return {
        "sessions_before": before,
        "sessions_delta": -sessions,
        "sessions_after": before - sessions,
        **other,
    }


def value(before: int, delta: int, **other: Any) -> dict[str, Any]:
    return {"value_before": before, "value_delta": delta, "value_after": before + delta, **other}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a number skipped": ({"seq": 5}, "fk_entry_chain"),
    "a number used before": ({"seq": 3, **used(12, 1), **value(198000, -16500)}, "uq_entry"),
    "a chain begun anew at nought": ({"seq": 0}, "starts_at_zero"),
    "a chain before the first": ({"seq": -1}, "starts_at_zero"),
    "another first entry": (
        {"seq": 1, **used(0, 0), **value(0, 0)},
        "uq_entry|fk_entry|starts_at_zero|signs",
    ),
    "more sessions than there were": (used(12, 1), "fk_entry_chain"),
    "fewer sessions than there were": (used(10, 1), "fk_entry_chain"),
    "more money than there was": (value(181501, -16500), "fk_entry_chain"),
    "less money than there was": (value(181499, -16500), "fk_entry_chain"),
    "more granted than there were": ({"granted_before": 13, "granted_after": 13}, "fk_entry_chain"),
    "one session too many": (used(11, 12), "sessions_in_bounds"),
    "more money than is owed": (value(181500, -181501), "value_in_bounds"),
    "sessions that do not add up": ({"sessions_after": 9}, "sessions_add_up"),
    "money that does not add up": ({"value_after": 165001}, "value_adds_up"),
    "more than was granted": (
        {"kind": "adjusted", "sessions_delta": 2, "sessions_after": 13},
        "sessions_in_bounds",
    ),
    "a grant by a use": ({"granted_after": 13}, "grants"),
    "a grant by a payment": (
        {"kind": "paid", **used(11, 0), **value(181500, 1), "granted_after": 13},
        "grants",
    ),
    "a sale that grants more than it says": (
        {"kind": "sold", **used(11, -1), **value(181500, 0), "granted_after": 99},
        "sale_grants_sessions",
    ),
    "a sale of nothing": ({"kind": "sold", **used(11, 0), **value(181500, 0)}, "signs"),
    "a sale that takes sessions": ({"kind": "sold", "granted_after": 11}, "signs"),
    "a sale that takes money": ({"kind": "sold", **used(11, -1), "granted_after": 13}, "signs"),
    "a payment that takes money": ({"kind": "paid", **used(11, 0)}, "signs"),
    "a payment that gives sessions": (
        {"kind": "paid", **used(11, -1), **value(181500, 1)},
        "signs",
    ),
    "a use that gives sessions": ({"kind": "used", **used(11, -1)}, "signs"),
    "a use of nothing": ({"kind": "used", **used(11, 0)}, "signs"),
    "a use that brings money": ({"kind": "used", **value(181500, 1)}, "signs"),
    **{
        f"{kind} that gives sessions": ({"kind": kind, **used(11, -1)}, "signs")
        for kind in ("refunded", "expired", "written_off", "transferred_out")
    },
    **{
        f"{kind} that brings money": ({"kind": kind, **value(181500, 1)}, "signs")
        for kind in ("refunded", "expired", "written_off", "transferred_out")
    },
    "a transfer in that takes": ({"kind": "transferred_in"}, "signs"),
    "a kind nobody knows": ({"kind": "gift"}, "signs"),
    "a kind in capitals": ({"kind": "USED"}, "signs"),
    "a reversal of nothing": (
        {"kind": "reversed", **used(11, -1), **value(181500, 16500)},
        "reversal_names_entry",
    ),
    "a reversal of what is not there": (
        {"kind": "reversed", **used(11, -1), **value(181500, 16500), "reverses": "none"},
        "fk_entry_reverses",
    ),
    "a reversal of itself": (
        {"kind": "reversed", "id": "me", "reverses": "me", **used(11, -1), **value(181500, 16500)},
        "reverses_another",
    ),
    "an allowance nobody has": ({"allowance_id": "none", "seq": 1}, "fk_entry|starts_at_zero"),
}


@pytest.mark.parametrize(("changed", "rule"), REFUSED.values(), ids=REFUSED)
def test_it_refuses(ledger: RawLedger, changed: dict[str, Any], rule: str) -> None:
    with pytest.raises(IntegrityError) as refusal:
        ledger.insert(**changed)
    said = str(refusal.value.orig)
    # SQLite names checks; of keys it says only which sort has failed.
    spoken = ("FOREIGN KEY constraint failed", "UNIQUE constraint failed")
    assert any(name in said for name in rule.split("|")) or (
        ledger.store.is_sqlite and said.startswith(spoken)
    )
    assert ledger.length == 3


@pytest.mark.parametrize(
    "changed",
    [
        {},
        used(11, 11),
        value(181500, -181500),
        {"kind": "paid", **used(11, 0), **value(181500, 1)},
        {"kind": "sold", **used(11, -1), **value(181500, 0), "granted_after": 13},
        {"kind": "adjusted", **used(11, -1), **value(181500, 0)},
        {"kind": "refunded", **used(11, 0), **value(181500, -1)},
        {"kind": "expired"},
        {"kind": "written_off"},
        {"kind": "transferred_out"},
        {"kind": "transferred_in", **used(11, -1), **value(181500, 1), "granted_after": 13},
    ],
    ids=str,
)
def test_it_takes_what_is_right(ledger: RawLedger, changed: dict[str, Any]) -> None:
    ledger.insert(**changed)
    assert ledger.length == 4


@pytest.mark.parametrize(
    "changed",
    [
        {"sessions_delta": -0.5, "sessions_after": 10.5},
        {"value_delta": -16500.5, "value_after": 164999.5},
        {"sessions_delta": "one"},
        {"value_delta": "much", "value_after": 181500},
    ],
    ids=str,
)
def test_it_keeps_no_half_session_and_no_part_of_a_cent(ledger: RawLedger, changed: dict[str, Any]) -> None:
    try:
        ledger.insert(**changed)
    except DBAPIError:
        assert ledger.length == 3
    else:
        # PostgreSQL rounds what it is given to the whole numbers of its columns.
        assert not ledger.store.is_sqlite
        assert isinstance(ledger.column("value_delta", 4), int)


class TestReversals:
    UNDONE = {"kind": "reversed", **used(11, -1), **value(181500, 16500)}

    def test_one_of_its_own_allowance_is_taken(self, ledger: RawLedger) -> None:
        ledger.insert(**self.UNDONE, reverses=ledger.id_of(3))
        assert ledger.column("sessions_after", 4) == 12

    def test_only_a_reversal_may_name_an_entry(self, ledger: RawLedger) -> None:
        with pytest.raises(IntegrityError):
            ledger.insert(reverses=ledger.id_of(3))

    def test_one_of_another_allowance_is_refused(self, ledger_of_desk: RawLedger, desk: Desk) -> None:
        other = desk.use(desk.sell()).entry.id
        with pytest.raises(IntegrityError):
            ledger_of_desk.insert(**self.UNDONE, reverses=other)

    def test_a_second_one_is_refused(self, ledger: RawLedger) -> None:
        undone = ledger.id_of(3)
        ledger.insert(**self.UNDONE, reverses=undone)
        again = {"kind": "reversed", **used(12, 0), **value(198000, 0)}
        with pytest.raises(IntegrityError):
            ledger.insert(**again, seq=5, reverses=undone)
        assert ledger.length == 4


class TestOnceOnly:
    def test_an_idempotency_key_is_used_once(self, ledger: RawLedger) -> None:
        with pytest.raises(IntegrityError):
            ledger.insert(idempotency_key=ledger.column("idempotency_key", 3))

    def test_a_unit_of_a_line_of_an_order_is_one_course(self, ledger: RawLedger) -> None:
        columns = (
            "client_id, package_id, package_name, package_version, terms, price, currency, sold_at, booked_at,"
            " square_order_id, square_line_uid, unit"
        )
        copied = f"INSERT INTO course (id, {columns}) SELECT 'copy', {columns} FROM course"
        with pytest.raises(IntegrityError):
            ledger.run(copied)
        ledger.run(copied.replace(", unit FROM", ", unit + 1 FROM"))

    def test_an_operation_is_remembered_once(self, ledger: RawLedger) -> None:
        with pytest.raises(IntegrityError):
            ledger.run("INSERT INTO operation SELECT * FROM operation")

    def test_a_course_is_closed_once_by_one_return(self, ledger_of_desk: RawLedger, desk: Desk) -> None:
        desk.sell()
        with pytest.raises(IntegrityError):
            ledger_of_desk.run("UPDATE course SET closed_by = 'return:1'")


class TestWrittenOnce:
    @pytest.fixture
    def written(self, ledger: RawLedger) -> RawLedger:
        ledger.run(
            'INSERT INTO history (id, course_id, kind, text, at, "by", source, reason)'
            " SELECT 'h', id, 'assigned', 'x', booked_at, 'x', 'x', '' FROM course"
        )
        ledger.run(
            'INSERT INTO handout (id, course_id, kind, language, content, content_sha256, handed_at, "by")'
            " SELECT 'p', id, 'summary', 'en', 'x', 'x', booked_at, 'x' FROM course"
        )
        return ledger

    @pytest.mark.parametrize("table", ["entry", "history", "handout"])
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE {table} SET kind = kind",
            "UPDATE {table} SET kind = 'other' WHERE id = (SELECT min(id) FROM {table})",
            "DELETE FROM {table}",
            "DELETE FROM {table} WHERE id = (SELECT max(id) FROM {table})",
        ],
    )
    def test_it_is_never_changed_or_deleted(self, written: RawLedger, table: str, statement: str) -> None:
        with pytest.raises(IntegrityError, match=f"a written line of {table} is never changed or deleted"):
            written.run(statement.format(table=table))

    @pytest.mark.parametrize("table", ["entry", "history", "handout"])
    def test_it_is_never_replaced(self, written: RawLedger, table: str) -> None:
        if written.store.is_sqlite:
            columns = _plain_columns(written.store, table)
            statement = f"REPLACE INTO {table} ({columns}) SELECT {columns} FROM {table} WHERE true"
        else:
            statement = f"TRUNCATE {table} CASCADE"
        with pytest.raises(IntegrityError, match="never changed or deleted"):
            written.run(statement)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE entry SET reason = '(erased)' WHERE seq = 3",
            "UPDATE history SET text = '(erased)'",
            "UPDATE handout SET content = '(erased)'",
        ],
    )
    def test_its_words_may_become_the_mark_of_an_erasure_once(
        self, written: RawLedger, statement: str
    ) -> None:
        written.run(statement)
        with pytest.raises(IntegrityError, match="never changed or deleted"):
            written.run(statement)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE entry SET reason = 'another'",
            "UPDATE entry SET reason = '(erased)', sessions_after = sessions_after - 1 WHERE seq = 3",
            "UPDATE entry SET reason = '(erased)', value_delta = 0 WHERE seq = 3",
            "UPDATE entry SET reason = '(erased)', idempotency_key = 'x' WHERE seq = 3",
            "UPDATE history SET text = 'another', reason = '(erased)'",
            "UPDATE history SET text = '(erased)', reason = 'another'",
            "UPDATE history SET text = '(erased)', \"by\" = 'another'",
            "UPDATE handout SET content = '(erased)', content_sha256 = 'y'",
            "UPDATE handout SET content = NULL",
        ],
    )
    def test_nothing_else_changes_with_its_words(self, written: RawLedger, statement: str) -> None:
        with pytest.raises(IntegrityError):
            written.run(statement)

    @pytest.mark.parametrize("table", BLANKED_AT_MOST)
    def test_the_guard_speaks_of_every_column(self, table: str) -> None:
        columns = {each.name for each in METADATA.tables[table].columns if each.computed is None}
        assert {*KEPT[table], *ERASABLE[table]} == columns

    def test_it_is_not_changed_in_passing(self, written: RawLedger) -> None:
        with pytest.raises(IntegrityError, match="never changed or deleted"):
            written.run(
                "INSERT INTO history SELECT * FROM history WHERE true"
                " ON CONFLICT (id) DO UPDATE SET kind = 'other'"
            )

    def test_an_entry_is_not_replaced_by_its_key_or_place(self, written: RawLedger) -> None:
        how = "REPLACE" if written.store.is_sqlite else "INSERT"
        last = {**used(12, 1), **value(198000, -16500), "seq": 3}
        with pytest.raises(IntegrityError):
            written.insert(how=how, **last)
        with pytest.raises(IntegrityError):
            written.insert(how=how, id=written.id_of(3), **last)
        assert written.length == 3

    @pytest.mark.parametrize("table", ["course", "allowance", "client", "visit", "package", "treatment"])
    def test_what_the_ledger_stands_on_is_not_deleted(self, ledger: RawLedger, table: str) -> None:
        with pytest.raises(IntegrityError):
            ledger.run(f"DELETE FROM {table}")


def _plain_columns(store: Store, table: str) -> str:
    with store.engine.connect() as connection:
        rows = connection.execute(text(f"PRAGMA table_info({table})"))
        return ", ".join(f'"{row[1]}"' for row in rows)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE course SET price = -1",
        "UPDATE course SET closed_as = 'lost', closed_at = booked_at",
        "UPDATE course SET closed_as = 'refunded'",
        "UPDATE course SET closed_at = booked_at",
        "UPDATE course SET client_id = 'nobody'",
        "UPDATE allowance SET price = -1",
        "UPDATE allowance SET kind = 'extra'",
        "UPDATE package_content SET sessions = 0",
        "UPDATE package_content SET sessions = 1000",
        "UPDATE treatment SET single_price = -1",
        "UPDATE outbox SET state = 'lost'",
    ],
)
def test_other_tables_keep_their_bounds(ledger: RawLedger, statement: str) -> None:
    with pytest.raises(IntegrityError):
        ledger.run(statement)
