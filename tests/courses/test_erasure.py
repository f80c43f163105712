"""Erasing a person: nothing identifies them, in no table and in no byte of the file, and every sum stays."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from plugin.core.acts import SQUARE
from plugin.core.money import Money
from plugin.courses.audit import audit
from plugin.courses.base.inbox import complete, receive
from plugin.courses.base.sealing import seal
from plugin.courses.base.suppression import is_erased
from plugin.courses.base.work import Work
from plugin.courses.changes.gifts import NewGift, give_course
from plugin.courses.clients.buyers import client_for_buyer, find_people, link_profile, save_directory_in
from plugin.courses.clients.clients import (
    change_client,
    find_clients,
    put_into_square,
    read_client,
    recent_clients,
)
from plugin.courses.clients.merge import merge_clients
from plugin.courses.documents.sale_record import sale_in
from plugin.courses.privacy.erasure import Erasure, erase_client, preview_erasure
from plugin.courses.retention import drop_old_event_bodies
from plugin.courses.sales.checkouts import NewCheckout, start_checkout
from plugin.courses.sales.sales import Came
from plugin.errors import InvalidField, NotAllowed, Refused
from plugin.store import Store
from plugin.store.ledger import Entry, History, SealedRow
from plugin.store.people import Client
from plugin.store.queues import Handout, Inbox, Outbox
from plugin.store.tables import METADATA
from plugin.store.triggers import ERASED
from tests.clock import HandMovedClock
from tests.courses.appointments import Appointments
from tests.courses.clinic import NAME, SQUARE_ID, TRACES, ZOE, Somebody
from tests.courses.desk import ANA, OLGA, Desk
from tests.courses.documents.sales import Papers, sold_sale
from tests.courses.racing import race


def _erase(zoe: Somebody, typed: str = NAME, *, gives_up: bool = True, key: str | None = None) -> bool:
    return erase_client(zoe.store, zoe.desk.act(OLGA, key=key), Erasure(zoe.id, typed, gives_up=gives_up))


def _all_text(store: Store) -> Iterator[tuple[str, str]]:
    """Every value of every table, as text."""
    with store.engine.connect() as connection:
        for table in METADATA.sorted_tables:
            for row in connection.execute(text(f'SELECT * FROM "{table.name}"')).mappings():
                for column, value in row.items():
                    raw = (
                        bytes(value).decode("utf-8", "replace")
                        if isinstance(value, bytes | memoryview)
                        else value
                    )
                    shown = json.dumps(raw, ensure_ascii=False, default=str)
                    yield f"{table.name}.{column}", shown.casefold()


def _found_in_tables(store: Store) -> list[tuple[str, str]]:
    return [(where, trace) for where, value in _all_text(store) for trace in TRACES if trace in value]


def _numbers(store: Store) -> list[tuple[Any, ...]]:
    columns = (
        Entry.id,
        Entry.seq,
        Entry.kind,
        Entry.sessions_after,
        Entry.value_after,
        Entry.happened_at,
        Entry.by,
    )
    with store.reading() as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(Entry.id))]


@pytest.fixture
def zoe(lite: Appointments) -> Somebody:
    return Somebody(lite)


def test_nothing_tells_who_it_was_and_every_sum_stays(zoe: Somebody, sqlite_url: str) -> None:
    zoe.everywhere()
    before = _numbers(zoe.store)
    assert {trace for _, trace in _found_in_tables(zoe.store)} == set(TRACES)
    assert _erase(zoe)
    _forget_the_profile(zoe)
    assert _found_in_tables(zoe.store) == []
    assert _numbers(zoe.store) == before
    assert audit(zoe.store) == ()
    assert zoe.store.compact()
    assert _found_in_file(sqlite_url) == []


def test_a_text_that_is_erased_while_it_is_sealed_leaves_no_salt(
    zoe: Somebody, clock: HandMovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe.everywhere()

    def erase_first(write: Any) -> Any:
        # After the texts were read, before their seal is written.
        monkeypatch.undo()
        assert _erase(zoe)
        return zoe.store.transact(write)

    monkeypatch.setattr(zoe.store, "transact", erase_first)
    seal(zoe.store, clock())
    with zoe.store.reading() as session:
        erased = select(History.id).where(History.text == ERASED)
        salts = session.scalars(select(SealedRow.salt).where(SealedRow.row_id.in_(erased)))
        assert set(salts) == {ERASED}
    assert audit(zoe.store) == ()


def _found_in_file(url: str) -> list[tuple[str, str]]:
    path = Path(url.removeprefix("sqlite:///"))
    files = [each for each in path.parent.glob(path.name + "*") if each.is_file()]
    assert path in files
    raw = {each.name: each.read_bytes().lower() for each in files}
    return [(name, trace) for name, content in raw.items() for trace in TRACES if trace.encode() in content]


def _forget_the_profile(zoe: Somebody) -> None:
    """As the job does once the balance was removed from the profile."""

    def done(session: Any) -> None:
        for row in session.scalars(select(Outbox).where(Outbox.kind == "leave_profile")):
            assert row.payload == {"square_customer_id": SQUARE_ID}
            row.payload = {}

    zoe.store.transact(done)


def test_nothing_tells_who_it_was_on_postgresql_either(postgresql_url: str, clock: HandMovedClock) -> None:
    with Store(postgresql_url) as store:
        zoe = Somebody(Appointments(Desk(store, clock)))
        zoe.everywhere()
        before = _numbers(store)
        assert _erase(zoe)
        _forget_the_profile(zoe)
        assert _found_in_tables(store) == []
        assert (_numbers(store) == before, audit(store)) == (True, ())
        assert store.compact()


def test_of_an_issued_paper_the_name_stays_and_nowhere_else(zoe: Somebody) -> None:
    # Tax law requires invoices as they were issued; GDPR art. 17(3)(b) exempts them from the right to erasure.
    # A signed agreement is kept as a contract, art. 17(3)(e).
    zoe.everywhere()
    zoe.agreed()
    zoe.invoiced()
    assert {"sale_record.content", "document.content"} <= {where for where, _ in _found_in_tables(zoe.store)}
    assert _erase(zoe)
    _forget_the_profile(zoe)
    assert {where for where, _ in _found_in_tables(zoe.store)} == {
        "document.content",
        "agreement.content",
        "agreement.pdf",
        "agreement_signature.name",
        "agreement_signature.pdf",
    }
    assert audit(zoe.store) == ()
    with zoe.store.reading() as session:
        kept = sale_in(session, "ORDER-PAPER")
    assert kept is not None
    assert [(line.name, line.total) for line in kept.lines] == [("A course", 198000), (ERASED, 5400)]


def test_a_paper_that_waits_to_be_issued_is_issued_first(zoe: Somebody) -> None:
    papers = Papers(zoe.desk)
    papers.record(sold_sale("ORDER-PAPER"))
    zoe.desk.sell(zoe.package, buyer=ZOE, order="ORDER-PAPER")
    with pytest.raises(Refused, match="A document for this client is being issued"):
        _erase(zoe)
    papers.work()
    assert _erase(zoe)
    assert papers.invoices()[0].billed_to.name == NAME


def test_what_was_written_once_keeps_all_but_its_words(zoe: Somebody) -> None:
    zoe.everywhere()
    with zoe.store.reading() as session:
        hashes = set(session.scalars(select(Handout.content_sha256)))
    _erase(zoe)
    with zoe.store.reading() as session:
        handed = session.execute(select(Handout.content, Handout.content_sha256)).all()
        told = session.execute(
            select(History.kind, History.text).where(History.course_id == zoe.course)
        ).all()
        reasons = set(session.scalars(select(Entry.reason)))
    assert ({content for content, _ in handed}, {sha for _, sha in handed}) == ({ERASED}, hashes)
    assert ERASED in reasons
    assert told[-1] == ("erased", "The client’s personal data was erased")


def test_others_keep_what_is_theirs(zoe: Somebody) -> None:
    namesake = zoe.desk.client("Zoe Quillfeather", phone="+14155550100")
    course = zoe.desk.sell(buyer=replace(ANA, square_customer_id="CUSTOMER-TWO", name="Zoe Quillfeather"))
    used = zoe.desk.use(course, note="Zoe Quillfeather came early")
    zoe.desk.undo(used.entry.id, reason="Zoe Quillfeather rang")
    _erase(zoe)
    assert read_client(zoe.store, namesake).name == "Zoe Quillfeather"
    assert zoe.desk.course(course).client_name == "Zoe Quillfeather"
    assert zoe.desk.course(course).entries[-1].reason == "Zoe Quillfeather rang"


def test_whoever_was_made_one_with_them_goes_too(zoe: Somebody) -> None:
    double = zoe.desk.client("Zoey Quill", phone="+14155550999")
    merge_clients(zoe.store, zoe.desk.act(), double, zoe.id)
    _erase(zoe)
    with zoe.store.reading() as session:
        assert {row.name for row in session.scalars(select(Client))} == {"Erased client"}


def test_done_twice_it_is_done_once(zoe: Somebody) -> None:
    assert [_erase(zoe, key="once"), _erase(zoe, key="once"), _erase(zoe, "Erased client")] == [
        True,
        False,
        False,
    ]
    told = [each for each in zoe.desk.course(zoe.course).happenings if each.kind == "erased"]
    assert len(told) == 1


def test_of_eight_at_once_one_erases(zoe: Somebody) -> None:
    answers = race(lambda number: _erase(zoe, key=f"race-{number}"))
    assert sorted(answers) == [False] * 7 + [True]


def test_it_asks_for_the_name_and_for_the_owner(zoe: Somebody) -> None:
    for typed in ("", "Zoë", "Ana Souza"):
        with pytest.raises(InvalidField, match="Type the name") as refusal:
            _erase(zoe, typed)
        assert refusal.value.field == "name"
    with pytest.raises(NotAllowed):
        erase_client(zoe.store, zoe.desk.act(), Erasure(zoe.id, NAME))
    assert _erase(zoe, "zoe  QUILLFEATHER")


def test_sessions_left_are_given_up_knowingly(zoe: Somebody) -> None:
    view = preview_erasure(zoe.store, zoe.desk.act(OLGA), zoe.id)
    assert [(each.sessions, each.value.amount) for each in view.left_over] == [(14, 198000)]
    with pytest.raises(InvalidField, match="forfeits") as refusal:
        _erase(zoe, gives_up=False)
    assert refusal.value.field == "gives_up"
    assert zoe.desk.balance(zoe.course) == (12, 198000)
    _erase(zoe)
    assert zoe.desk.balance(zoe.course) == (12, 198000)


def _sale_under_way(zoe: Somebody) -> None:
    start_checkout(zoe.store, zoe.desk.act(), NewCheckout(zoe.id, zoe.package, "till"))


def _part_paid(zoe: Somebody) -> None:
    sale = zoe.desk.sale(zoe.desk.line(zoe.package), buyer=ZOE)
    zoe.desk.book(replace(sale, came=(Came(Money(66000, "USD"), zoe.desk.clock()),)))


def _waiting_gift(zoe: Somebody) -> None:
    give_course(zoe.store, zoe.desk.act(), zoe.course, NewGift("Cleo Finch"))


def _open_question(zoe: Somebody) -> None:
    zoe.desk.refund(zoe.order, 5000)


def _word_on_its_way(zoe: Somebody) -> None:
    zoe.told("late", "payment.updated", {"object": {"payment": {"customer_id": SQUARE_ID}}}, state="pending")


@pytest.mark.parametrize(
    ("hinder", "says"),
    [
        (_sale_under_way, "A sale to them is pending"),
        (_part_paid, r"\$1,320.00 is still due"),
        (_waiting_gift, "A gift from this client waits"),
        (_open_question, "waits under Attention"),
        (Somebody.maybe_twice, "waits under Attention"),
        (_word_on_its_way, "Try again in a minute"),
    ],
)
def test_what_is_under_way_is_settled_first(zoe: Somebody, hinder: Any, says: str) -> None:
    hinder(zoe)
    with pytest.raises(Refused, match=says):
        _erase(zoe)
    assert read_client(zoe.store, zoe.id).name == NAME


def test_the_erased_are_found_no_more_and_nothing_new_is_written_of_them(zoe: Somebody) -> None:
    _erase(zoe)
    assert find_clients(zoe.store, "erased", today=zoe.desk.today).rows == ()
    assert recent_clients(zoe.store, today=zoe.desk.today) == ()
    for deed in (
        lambda: change_client(zoe.store, zoe.desk.act(), zoe.id, name=NAME),
        lambda: put_into_square(zoe.store, zoe.desk.act(), zoe.id),
        lambda: _sale_under_way(zoe),
        lambda: merge_clients(zoe.store, zoe.desk.act(), zoe.id, zoe.desk.client()),
    ):
        with pytest.raises(Refused, match=r"erased|deleted"):
            deed()


def test_a_late_word_from_square_is_not_kept(zoe: Somebody) -> None:
    _erase(zoe)
    told = {"id": SQUARE_ID, "object": {"customer": {"id": SQUARE_ID, "given_name": "Zoë"}}}
    body = json.dumps({"type": "customer.updated", "data": told})
    receive(zoe.store, event_id="late", event_type="customer.updated", body=body, now=zoe.desk.clock())
    with zoe.store.reading() as session:
        late = session.scalars(select(Inbox.id).where(Inbox.event_id == "late")).one()
    complete(zoe.store, late, state="done", outcome="", now=zoe.desk.clock())
    act = zoe.desk.act(SQUARE)
    zoe.store.transact(lambda session: save_directory_in(session, act, [ZOE]))
    assert not find_people(zoe.store, "quillfeather", limit=5)
    assert _found_in_tables(zoe.store) == []


def test_a_person_may_make_them_a_client_anew(zoe: Somebody) -> None:
    _erase(zoe)
    assert is_erased(zoe.store, SQUARE_ID)
    anew = zoe.desk.client(NAME)
    act = zoe.desk.act(SQUARE)
    zoe.store.transact(lambda session: link_profile(Work(session, zoe.store, act), anew, ZOE))
    assert not is_erased(zoe.store, SQUARE_ID)
    known = zoe.store.transact(lambda session: client_for_buyer(Work(session, zoe.store, act), ZOE))
    assert known == anew


def test_messages_are_forgotten_a_month_after_they_were_worked_off(zoe: Somebody) -> None:
    zoe.told("old", "customer.updated", {"id": SQUARE_ID})
    zoe.told("failed", "customer.updated", {"id": SQUARE_ID}, state="failed")
    zoe.desk.clock.advance(days=30)
    assert drop_old_event_bodies(zoe.store, zoe.desk.clock()) == 0
    zoe.desk.clock.advance(seconds=1)
    zoe.told("new", "customer.updated", {"id": SQUARE_ID})
    assert drop_old_event_bodies(zoe.store, zoe.desk.clock()) == 1
    with zoe.store.reading() as session:
        kept = {row.event_id: row.body for row in session.scalars(select(Inbox))}
    assert kept["old"] == "{}"
    assert SQUARE_ID in kept["new"]
    assert SQUARE_ID in kept["failed"]
    assert not receive(zoe.store, event_id="old", event_type="x", body="", now=zoe.desk.clock())
