"""Each change that somebody with the database can make is found, and the first row that was changed is named.

Nothing guards the database here: triggers and foreign keys are gone. A forger who also makes every hash again that
lies in the database is shown by a head that was kept outside.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import groupby

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from plugin.core.acts import Role
from plugin.core.fingerprint import (
    ENTRY_FIELDS,
    KeptHead,
    LedgerHead,
    entry_fingerprint,
    reason_fingerprint,
    seal_fingerprint,
)
from plugin.courses.accounts.api_tokens import add_token
from plugin.courses.audit import Finding, audit, audit_in
from plugin.courses.audit.records import against
from plugin.courses.base.sealing import KEPT, RECORDS, kept_fingerprint, mark_restored_in, seal
from plugin.courses.changes.expiry import freeze_course
from plugin.courses.handouts.cache import hand_out
from plugin.store import Store
from plugin.store.creation import upgrade
from plugin.store.ledger import Entry, LedgerSeal, SealedRow
from plugin.store.recorded import RECORDED, record_fingerprint
from plugin.store.triggers import APPEND_ONLY, SEAL, SEALED, creation, dropped
from tests.clock import HandMovedClock
from tests.courses.desk import OLGA, Desk
from tests.courses.documents.sales import Papers

_DIGEST = hashlib.sha256(b"{}").hexdigest()
_PDF = hashlib.sha256(b"forged").hexdigest()
USED = "(select id from entry where kind = 'used' order by id limit 1 offset 1)"
LAST = "(select max(id) from entry where kind = 'used')"
COURSE = "(select min(id) from course)"
CHAINS = "(select id from allowance where course_id = " + COURSE + ")"
# A use that took two of the client's sessions: every later balance agrees with it.
REWRITTEN = (
    f"update entry set sessions_delta = -2, sessions_after = sessions_after - 1 where id = {USED}",
    "update entry set sessions_before = sessions_before - 1, sessions_after = sessions_after - 1"
    f" where id > {USED} and allowance_id = (select allowance_id from entry where id = {USED})",
)
_TAIL = (
    f"delete from operation where answer like '%' || {LAST} || '%'",
    f"delete from visit where id = (select visit_id from entry where id = {LAST})",
    f"delete from entry where id = {LAST}",
)
_WHOLE = (
    f"delete from operation where answer like '%' || {COURSE} || '%' or key like 'desk-%'",
    f"delete from handout where course_id = {COURSE}",
    f"delete from history where course_id = {COURSE}",
    f"delete from visit where course_id = {COURSE}",
    f"delete from entry where allowance_id in {CHAINS}",
    f"create temp table gone as select {COURSE} as id",
    "delete from allowance where course_id = (select id from gone)",
    "delete from course where id = (select id from gone)",
)
_USE = (
    "insert into entry (id, allowance_id, seq, kind, sessions_before, sessions_delta, sessions_after, value_before,"
    " value_delta, value_after, granted_before, granted_after, happened_at, written_at, by, source, reason,"
    " idempotency_key) select 'z' || substr(id, 2), allowance_id, seq + 1, 'used', sessions_after, -1,"
    " sessions_after - 1, value_after, 0, value_after, granted_after, granted_after, happened_at, written_at, by,"
    " source, '', 'use:forged' from entry order by seq desc limit 1",
)
_TOKEN = (
    "insert into api_token (id, name, role, token_sha256, created_at) values ('t1', 'Till', 'owner',"
    f" '{_PDF}', '2026-01-01 00:00:00.000000')",
)
# What was done, the statements, and which check finds it.
CHANGES = [
    ("a chain rewritten with its balances", REWRITTEN, "hash"),
    ("another person", (f"update entry set by = 'Eve' where id = {USED}",), "hash"),
    (
        "another time",
        (f"update entry set happened_at = '2026-01-01 00:00:00.000000' where id = {USED}",),
        "hash",
    ),
    ("another reason", ("update entry set reason = 'Her wish' where kind = 'reversed'",), "hash"),
    ("another kind", (f"update entry set kind = 'expired' where id = {LAST}",), "hash"),
    ("the end of a chain removed", _TAIL, "sealed"),
    ("a use that never was", _USE, "hash"),
    (
        "owners swapped",
        ("update course set client_id = (select min(id) from client where id <> client_id)",),
        "record",
    ),
    ("an expiration moved", (f"update course set expires_on = '2031-01-01' where id = {COURSE}",), "record"),
    (
        "a price with its part",
        (
            f"update course set price = price - 100 where id = {COURSE}",
            f"update allowance set price = price - 100 where course_id = {COURSE} and position ="
            f" (select min(position) from allowance where course_id = {COURSE})",
        ),
        "record",
    ),
    (
        "a course reopened",
        ("update course set closed_as = null, closed_at = null, closed_by = null",),
        "record",
    ),
    ("a whole course deleted", _WHOLE, "sealed"),
    (
        "a line of the history deleted",
        ("delete from history where id = (select min(id) from history)",),
        "sealed",
    ),
    ("a line of the history changed", ("update history set text = 'Nothing happened'",), "sealed"),
    (
        "a document with its digest",
        (
            "update document set content = replace(content, 'Ana', 'Eva') where place = 2 and kind = 'invoice'",
            "update document set content_sha256 = sha256(content)",
        ),
        "sealed",
    ),
    (
        "a file with its digest",
        (f"update document_file set pdf = cast('forged' as blob), sha256 = '{_PDF}'",),
        "sealed",
    ),
    (
        "a paper with its digest",
        (f"update handout set content = '{{}}', content_sha256 = '{_DIGEST}'",),
        "sealed",
    ),
    ("an owner's token added", _TOKEN, "record"),
    ("a token that may do more", ("update api_token set role = 'owner'",), "record"),
    ("triggers gone", ("select 1",), "trigger"),
]


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A sealed clinic: a course of three (used, undone, used, used), a refunded one, papers, a token."""
    url = f"sqlite:///{tmp_path_factory.mktemp('tampering') / 'clinic.db'}"
    upgrade(url)
    with Store(url) as store:
        _fill(store)
        assert audit(store) == ()
        with store.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.create_function("sha256", 1, lambda said: hashlib.sha256(said.encode()).hexdigest())
            statements = (
                "COMMIT",
                "PRAGMA foreign_keys = OFF",
                *dropped("sqlite", creation("sqlite", *APPEND_ONLY, SEAL, SEALED)),
            )
            for statement in (*statements, "BEGIN"):
                connection.exec_driver_sql(statement)
            connection.commit()
            yield connection


def _fill(store: Store) -> None:
    clock = HandMovedClock()
    desk = Desk(store, clock)
    course_id = desk.sell(desk.package(sessions=6), paid=600)
    desk.client("Bea Lund")
    desk.undo(desk.use(course_id).entry.id)
    desk.use(course_id)
    hand_out(store, lambda *_: b"paper", desk.act(), course_id, "summary")
    seal(store, clock())
    desk.use(course_id)
    desk.sell(desk.package(sessions=2), paid=50, order="O")
    desk.refund("O", 50, total=50, return_order=None)
    add_token(store, name="Till", role=Role.DESK, now=clock())
    Papers(desk).sell_two_and_refund_one()
    freeze_course(store, desk.act(OLGA), course_id, reason="Travels")
    seal(store, clock())


@pytest.fixture
def session(unguarded: Connection) -> Iterator[Session]:
    with Session(unguarded) as session:
        yield session
    unguarded.rollback()


@pytest.mark.parametrize(("what", "statements", "check"), CHANGES, ids=[each[0] for each in CHANGES])
def test_the_audit_finds(session: Session, what: str, statements: tuple[str, ...], check: str) -> None:
    before = audit_in(session) if check != "trigger" else ()
    for statement in statements:
        session.execute(text(statement))
    assert check in {finding.check for finding in audit_in(session)} - {each.check for each in before}, what


# One change of each kind, in words that both databases know.
BOTH = [
    each
    for each in CHANGES
    if each[0] in ("another person", "owners swapped", "a line of the history changed", "triggers gone")
]


def test_the_audit_finds_each_kind_on_postgresql(postgresql_url: str) -> None:
    with Store(postgresql_url) as store:
        _fill(store)
        assert audit(store) == ()
        with Session(store.engine) as session:
            for statement in dropped("postgresql", creation("postgresql", *APPEND_ONLY, SEAL, SEALED)):
                session.execute(text(statement))
            kept = _kept(session)
            for what, statements, check in BOTH:
                with session.begin_nested() as changed:
                    before = {each.check for each in audit_in(session)} - {"trigger"}
                    for statement in statements:
                        session.execute(text(statement))
                    session.expire_all()
                    assert check in {each.check for each in audit_in(session)} - before, what
                    changed.rollback()
            for statement in BOTH[0][1]:
                session.execute(text(statement))
            _forge_entries(session)
            _forge_seals(session)
            assert _without_triggers(audit_in(session)) == (), "the forger made all inside agree"
            assert "written again" in next(iter(against(session, kept))).sentence
            session.rollback()


def test_it_names_the_first_row_of_a_chain_that_was_written_again(session: Session) -> None:
    first = session.scalar(text(f"select {USED}"))
    for statement in REWRITTEN:
        session.execute(text(statement))
    _forge_entries(session)
    found = _without_triggers(audit_in(session))
    assert found[0].row == first
    assert {each.check for each in found} == {"sealed"}


# What a program would write itself, and what no hash covers.
_NOT_FORGED = ("triggers gone", "a use that never was", "an owner's token added")
FORGED = [each for each in CHANGES if each[0] not in _NOT_FORGED]


@pytest.mark.parametrize(("what", "statements", "_check"), FORGED, ids=[each[0] for each in FORGED])
def test_a_head_kept_outside_shows_what_was_forged_with_every_hash(
    session: Session, what: str, statements: tuple[str, ...], _check: str
) -> None:
    kept = _kept(session)
    for statement in statements:
        session.execute(text(statement))
    session.flush()
    _forge_entries(session)
    _forge_records(session)
    _forge_seals(session)
    assert _without_triggers(audit_in(session)) == (), "the forger made all inside agree"
    found = tuple(against(session, kept))
    assert found, what
    assert found[0].check == "anchor"
    assert "written again" in found[0].sentence


def test_a_head_whose_seal_is_gone_says_where_the_database_ends(session: Session) -> None:
    (finding,) = against(session, [KeptHead(LedgerHead(99, "ab" * 32), "the mail", None)])
    assert "ends with seal 2" in finding.sentence
    assert "the mail says 99:abababab" in finding.sentence


def test_heads_that_agree_say_nothing(session: Session) -> None:
    kept = _kept(session)
    assert len(kept) > 1
    assert tuple(against(session, kept)) == ()


def test_heads_kept_before_a_backup_was_restored_are_left_out(session: Session) -> None:
    at = session.query(LedgerSeal).order_by(LedgerSeal.number.desc()).limit(1).one().sealed_at
    mark_restored_in(session, at + timedelta(hours=2))
    session.flush()
    before = KeptHead(LedgerHead(3, "ab" * 32), "a file", at + timedelta(hours=1))
    assert tuple(against(session, [before])) == ()
    (since,) = against(session, [replace(before, at=at + timedelta(hours=3))])
    (unknown,) = against(session, [replace(before, at=None)])
    assert "written again" in since.sentence
    assert "A backup was restored" in unknown.sentence


def _kept(session: Session) -> list[KeptHead]:
    seals = session.query(LedgerSeal).order_by(LedgerSeal.number)
    return [KeptHead(LedgerHead(row.number, row.sha256[:8]), "a file", None) for row in seals]


def _without_triggers(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(each for each in findings if each.check != "trigger")


def _forge_entries(session: Session) -> None:
    """Make the hashes of all entries again, as the program would have."""
    session.expire_all()
    for row in session.query(Entry).filter(Entry.reason != ""):
        row.reason_sha256 = reason_fingerprint(row.reason_salt, row.reason)
    session.flush()
    rows = session.query(Entry).order_by(Entry.allowance_id, Entry.seq).all()
    for _, chain in groupby(rows, key=lambda row: row.allowance_id):
        last = ""
        for row in chain:
            row.sha256 = last = entry_fingerprint(last, [getattr(row, name) for name in ENTRY_FIELDS])
    session.flush()


def _forge_records(session: Session) -> None:
    for kind, model in RECORDS.items():
        for row in session.query(model):
            values = {name: getattr(row, name) for name in RECORDED[kind]}
            row.record_sha256 = record_fingerprint(kind, row.record_version, values)
    session.flush()


def _forge_seals(session: Session) -> None:
    session.expire_all()
    now: dict[tuple[str, str, int], str] = {
        ("entry", row.id, 1): row.sha256 or "" for row in session.query(Entry)
    }
    for kind, model in RECORDS.items():
        now |= {(kind, row.id, row.record_version): row.record_sha256 for row in session.query(model)}  # type: ignore[attr-defined,misc]
    for kind, kept in KEPT.items():
        for row in session.query(kept.id, *(getattr(kept.model, name) for name in kept.fields)):
            now[kind, row[0], 1] = kept_fingerprint("", row)
    session.execute(text("update sealed_row set salt = ''"))
    for sealed in session.query(SealedRow):
        key = sealed.kind, sealed.row_id, sealed.version
        if key not in now:
            session.delete(sealed)
            continue
        sealed.sha256 = now[key]
    session.flush()
    previous = ""
    for seal_row in session.query(LedgerSeal).order_by(LedgerSeal.number):
        rows = [
            (each.kind, each.row_id, each.version, each.sha256)
            for each in session.query(SealedRow).filter(SealedRow.seal == seal_row.number)
        ]
        seal_row.previous = previous
        seal_row.sha256 = previous = seal_fingerprint(previous, seal_row.number, seal_row.sealed_at, rows)
    session.flush()
