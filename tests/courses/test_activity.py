"""The activity log: every act once, in the order of time, filtered, in pages, and never changed."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from plugin.core.acts import Act, Actor, Role, Source
from plugin.courses.accounts.staff_edits import NewPerson, invite
from plugin.courses.base.activity import Did
from plugin.courses.clients.clients import change_client
from plugin.courses.privacy.access_log import record_download
from plugin.courses.privacy.erasure import Erasure, erase_client
from plugin.courses.reports.activity import ActivityFilter, ActivityView, activity, all_activity
from plugin.courses.reports.period import Period
from plugin.courses.retention import drop_old_rows
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.changes import Activity
from tests.courses.desk import Desk

OLGA = Actor("Olga Ruiz", Role.OWNER, Source.DESK, None)


def shown(desk: Desk, **wanted: object) -> list[ActivityView]:
    return list(activity(desk.store, ActivityFilter(**wanted), limit=200).rows)  # type: ignore[arg-type]


def kinds(desk: Desk, **wanted: object) -> list[str]:
    return [each.kind for each in shown(desk, **wanted)]


def owner_act(desk: Desk) -> Act:
    return desk.act(OLGA)


def test_a_sale_a_use_and_an_undo_are_told_once_each_with_before_and_after(desk: Desk) -> None:
    course_id = desk.sell()
    desk.clock.advance(minutes=5)
    used = desk.use(course_id)
    desk.clock.advance(minutes=5)
    desk.undo(used.entry.id, reason="Wrong client")
    undone, use, *sale = shown(desk, kind="course")
    assert (undone.kind, undone.reason, undone.by) == ("course.reversed", "Wrong client", "Deb")
    assert use.change is not None
    assert use.change.sessions == (12, 11)
    assert [each.amount for each in use.change.value] == [198000, 181500]
    assert [each.kind for each in sale if each.kind != "course.history"] == ["course.paid", "course.sold"]


def test_acts_of_staff_and_of_the_ledger_stand_in_one_order(desk: Desk) -> None:
    person = NewPerson("kim@example.org", "A. Kim", Role.PRACTITIONER)
    desk.sell()
    desk.clock.advance(minutes=1)
    invited = invite(desk.store, owner_act(desk), person, by_mail=False)
    desk.clock.advance(minutes=1)
    desk.sell(buyer=None)
    told = shown(desk)
    assert told == sorted(told, key=lambda each: (each.at, each.id), reverse=True)
    assert "staff.invited" in [each.kind for each in told[1:-1]]
    (about,) = shown(desk, about=invited.id)
    assert (about.name, about.after, about.by) == ("A. Kim", "kim@example.org, practitioner", "Olga Ruiz")


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_of_any_size_are_the_whole_without_gap_or_repeat(desk: Desk, size: int) -> None:
    # All in the same moment: the id decides.
    for _ in range(3):
        desk.use(desk.sell())
    invite(desk.store, owner_act(desk), NewPerson("k@example.org", "K", Role.DESK), by_mail=False)
    whole = [each.id for each in all_activity(desk.store, ActivityFilter())]
    paged: list[str] = []
    cursor: str | None = None
    while True:
        page = activity(desk.store, ActivityFilter(), limit=size, cursor=cursor)
        paged += [each.id for each in page.rows]
        if (cursor := page.cursor) is None:
            break
    assert paged == whole
    assert len(set(paged)) == len(paged)


@pytest.mark.parametrize(
    "cursor", ["", "x", "2026-11-22~", "2026-11-22T10:00:00~a", "~~", "\x00~a", "9" * 5000]
)
def test_a_made_up_page_is_refused(desk: Desk, cursor: str) -> None:
    with pytest.raises(NotFound):
        activity(desk.store, ActivityFilter(), cursor=cursor)


def test_it_is_filtered_by_person_source_client_and_day(desk: Desk) -> None:
    ana = desk.client("Ana Souza")
    desk.use(desk.sell())
    assert {each.by for each in shown(desk, who="Square")} == {"Square"}
    assert {each.source for each in shown(desk, source=Source.DESK)} == {"desk"}
    assert kinds(desk, who="Nobody") == []
    assert kinds(desk, client_id=ana) == ["client.created"]
    today = desk.today
    assert kinds(desk, period=Period(today, today)) == kinds(desk)
    assert kinds(desk, period=Period(today - timedelta(days=9), today - timedelta(days=1))) == []


def test_days_are_those_of_the_clinic(desk: Desk) -> None:
    """At 23:30 in Los Angeles it is the next day in UTC; on the day the clocks change, too."""
    with desk.store.writing() as session:
        session.execute(text("UPDATE clinic SET time_zone = 'America/Los_Angeles'"))
    first, last = date(2026, 11, 1), date(2026, 11, 1)
    moments = Period(first, last)

    start, end = moments.moments(ZoneInfo("America/Los_Angeles"))
    assert end - start == timedelta(hours=25)
    act = Act(OLGA, end - timedelta(minutes=30), "k")
    record_download(desk.store, act, "late.csv")
    assert kinds(desk, period=moments) == ["data.downloaded"]
    assert kinds(desk, period=Period(date(2026, 11, 2), date(2026, 11, 2))) == []


def test_a_row_is_neither_changed_nor_deleted(desk: Desk) -> None:
    record_download(desk.store, owner_act(desk), "courses.csv")
    for statement in (
        update(Activity).values(by="Somebody else"),
        update(Activity).values(name="other.csv"),
        delete(Activity),
    ):
        with pytest.raises(DBAPIError), desk.store.writing() as session:
            session.execute(statement)
    assert [each.name for each in shown(desk, kind="data")] == ["courses.csv"]


def test_old_rows_leave_after_their_days_and_never_within_a_year(desk: Desk) -> None:
    record_download(desk.store, owner_act(desk), "old.csv")
    desk.clock.advance(days=400)
    # Nothing newer: the log does not empty itself.
    assert _dropped(desk.store, desk) == 0
    record_download(desk.store, owner_act(desk), "new.csv")
    assert _dropped(desk.store, desk) > 0
    assert [each.name for each in shown(desk, kind="data")] == ["new.csv"]


def _dropped(store: Store, desk: Desk) -> int:
    before = len(_all(store))
    drop_old_rows(store, desk.clock(), days=36500, log_days=399, answer_days=36500)
    return before - len(_all(store))


def _all(store: Store) -> list[str]:
    with store.reading() as session:
        return list(session.scalars(select(Activity.id)))


def test_erasing_a_client_leaves_who_and_when_and_no_name(desk: Desk) -> None:
    ana = desk.client("Ana Souza", phone="+14155550123")
    change_client(desk.store, owner_act(desk), ana, name="Ana Lima", phone="+14155550199")
    assert erase_client(desk.store, owner_act(desk), Erasure(ana, "Ana Lima"))
    told = shown(desk, client_id=ana)
    assert [each.kind for each in told] == [Did.CLIENT_ERASED, Did.CLIENT_CHANGED, Did.CLIENT_CREATED]
    assert {each.by for each in told} == {"Olga Ruiz", "Deb"}
    said = " ".join(f"{each.name} {each.before} {each.after} {each.client_name}" for each in told)
    assert "Ana" not in said
    assert "0123" not in said
    assert "0199" not in said
