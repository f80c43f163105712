"""Attention: each item once, resolved once, in pages; and an event that failed can be retried."""

import pytest

from plugin.core.acts import Actor, Role, Source
from plugin.courses.attention.items import list_attention, read_item, resolve
from plugin.courses.attention.kind import Resolution
from plugin.courses.base.attention import count_open, open_item
from plugin.courses.base.inbox import claim, complete, receive
from plugin.courses.base.work import Work
from plugin.courses.sales.assign import move_course
from plugin.errors import InvalidField, NotAllowed, NotFound, Refused
from tests.courses.desk import DEB, Desk, back
from tests.databases import sqlite_alone


def ask(desk: Desk, dedupe: str, *, kind: str = "unclear_quantity", **details: object) -> str:
    return desk.store.transact(
        lambda session: open_item(
            Work(session, desk.store, desk.act()),
            kind=kind,
            dedupe=dedupe,
            summary="What now?",
            details=details,
        )
    )


def test_one_question_is_one_item_however_often_it_is_asked(desk: Desk) -> None:
    assert len({ask(desk, "same") for _ in range(3)}) == 1
    assert count_open(desk.store) == 1


def test_a_question_of_any_length_is_one_item(desk: Desk) -> None:
    assert ask(desk, "x" * 400) == ask(desk, "x" * 400)


def test_what_was_resolved_is_not_asked_again(desk: Desk) -> None:
    item = ask(desk, "same")
    desk.answer(item, "dismiss")
    assert ask(desk, "same") == item
    assert count_open(desk.store) == 0
    assert read_item(desk.store, item).resolved_by == "Deb"
    assert read_item(desk.store, item).answer == "Dismissed: Talked to the client"


def test_the_newest_comes_first_in_pages(desk: Desk) -> None:
    items = [ask(desk, f"number {number}") for number in range(5)]
    first = list_attention(desk.store, limit=2)
    second = list_attention(desk.store, limit=2, cursor=first.cursor)
    third = list_attention(desk.store, limit=2, cursor=second.cursor)
    seen = [row.id for page in (first, second, third) for row in page.rows]
    assert (seen, third.cursor) == (items[::-1], None)


def test_a_page_that_is_just_full_is_the_last(desk: Desk) -> None:
    for number in range(2):
        ask(desk, f"number {number}")
    assert list_attention(desk.store, limit=2).cursor is None


def test_an_item_that_is_not_there_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        read_item(desk.store, "none")
    with pytest.raises(NotFound):
        desk.answer("none", "dismiss")


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301], ids=len)
@sqlite_alone
def test_a_decision_wants_its_reason(desk: Desk, reason: str) -> None:
    item = ask(desk, "same")
    with pytest.raises(InvalidField) as refusal:
        resolve(desk.store, desk.act(), item, Resolution(reason))
    assert refusal.value.field == "reason"


@pytest.mark.parametrize("role", Role)
@sqlite_alone
def test_the_desk_and_the_owner_decide(desk: Desk, role: Role) -> None:
    act = desk.act(Actor("Pat", role, Source.DESK))
    item = ask(desk, "same")
    if role is Role.PRACTITIONER:
        with pytest.raises(NotAllowed):
            resolve(desk.store, act, item, Resolution("Because"))
    else:
        assert resolve(desk.store, act, item, Resolution("Because")).resolved_by == "Pat"


class TestAMessageThatFailed:
    def fail(self, desk: Desk) -> str:
        assert receive(desk.store, event_id="E1", event_type="payment.updated", body="{}", now=desk.clock())
        claimed = claim(desk.store, desk.clock())
        assert claimed is not None
        complete(desk.store, claimed.id, state="failed", outcome="Unreadable", now=desk.clock())
        return claimed.id

    def test_it_is_tried_again_as_if_it_had_just_come(self, desk: Desk) -> None:
        inbox_id = self.fail(desk)
        item = ask(desk, f"event:{inbox_id}", kind="failed_event", inbox_id=inbox_id)
        assert claim(desk.store, desk.clock()) is None
        desk.answer(item, "try_again")
        again = claim(desk.store, desk.clock())
        assert again is not None
        assert (again.id, again.attempts) == (inbox_id, 1)

    def test_failing_again_is_a_new_question_each_time(self, desk: Desk) -> None:
        inbox_id = self.fail(desk)
        items = set()
        for _ in range(3):
            item = ask(desk, f"event:{inbox_id}", kind="failed_event", inbox_id=inbox_id)
            desk.answer(item, "try_again")
            items.add(item)
        assert len(items) == 3

    def test_dismissed_it_stays_failed(self, desk: Desk) -> None:
        inbox_id = self.fail(desk)
        desk.answer(ask(desk, "event", kind="failed_event", inbox_id=inbox_id), "dismiss")
        assert claim(desk.store, desk.clock()) is None


class TestWhoseSaleItWas:
    def test_one_tap_assigns_all_of_it(self, desk: Desk) -> None:
        booked = desk.book(desk.sale(desk.line(desk.package(), quantity=2), buyer=None))
        ana = desk.client("Ana")
        assert desk.answer(booked.attention[0], client_id=ana).answer == "Assigned to Ana"
        assert {desk.course(each).client_id for each in booked.opened} == {ana}
        assert [each.kind for each in desk.course(booked.opened[0]).happenings] == ["assigned"]
        assert desk.use(booked.opened[0]).sessions_left == 11

    def test_sisters_can_share_it(self, desk: Desk) -> None:
        booked = desk.book(desk.sale(desk.line(desk.package(), quantity=2), buyer=None))
        mia, zoe = desk.client("Mia"), desk.client("Zoe")
        item = booked.attention[0]
        assert desk.answer(item, client_id=mia, course_id=booked.opened[0]).resolved_at is None
        done = desk.answer(item, client_id=zoe)
        assert (done.resolved_at, done.answer) == (desk.clock(), "Assigned to Mia and Zoe")
        assert [desk.course(each).client_name for each in booked.opened] == ["Mia", "Zoe"]

    def test_it_wants_a_client_that_is_there(self, desk: Desk) -> None:
        item = desk.book(desk.sale(desk.line(desk.package()), buyer=None)).attention[0]
        with pytest.raises(InvalidField) as refusal:
            desk.answer(item)
        assert refusal.value.field == "client_id"
        with pytest.raises(NotFound):
            desk.answer(item, client_id="nobody")
        assert len(desk.questions()) == 1

    def test_a_course_that_has_an_owner_is_not_given_away(self, desk: Desk) -> None:
        booked = desk.book(desk.sale(desk.line(desk.package(), quantity=2), buyer=None))
        one, _ = booked.opened
        desk.answer(booked.attention[0], client_id=desk.client("Mia"), course_id=one)
        with pytest.raises(Refused) as refusal:
            desk.answer(booked.attention[0], client_id=desk.client("Zoe"), course_id=one)
        assert refusal.value.code == "already_assigned"

    def test_the_wrong_client_can_be_put_right_while_nothing_was_used(self, desk: Desk) -> None:
        course_id, zoe = desk.sell(), desk.client("Zoe")
        for _ in range(2):
            moved = move_course(desk.store, desk.act(key="tap"), course_id, zoe, "Wrong sister")
        assert (moved.client_name, len(moved.happenings)) == ("Zoe", 1)
        used = desk.use(course_id)
        with pytest.raises(Refused) as refusal:
            move_course(desk.store, desk.act(), course_id, desk.client("Mia"), "Again")
        assert refusal.value.code == "used"
        desk.undo(used.entry.id)
        assert (
            move_course(desk.store, desk.act(), course_id, desk.client("Mia"), "Again").client_name == "Mia"
        )

    def test_it_is_not_moved_to_whom_it_belongs(self, desk: Desk) -> None:
        course_id = desk.sell()
        owner = desk.course(course_id).client_id or ""
        with pytest.raises(Refused) as refusal:
            move_course(desk.store, desk.act(), course_id, owner, "Again")
        assert refusal.value.code == "already_assigned"
        assert desk.course(course_id).happenings == ()

    def test_a_refunded_course_is_not_moved(self, desk: Desk) -> None:
        course_id = desk.sell(order="O")
        desk.refund("O", 198000, back())
        with pytest.raises(Refused) as refusal:
            move_course(desk.store, desk.act(), course_id, desk.client("Zoe"), "Late")
        assert refusal.value.code == "refunded"

    def test_a_practitioner_moves_nothing(self, desk: Desk) -> None:
        someone = Actor("Dr. Wu", Role.PRACTITIONER, Source.DESK)
        with pytest.raises(NotAllowed):
            move_course(desk.store, desk.act(someone), desk.sell(), "any", "Why")
        assert DEB.role is Role.DESK
