"""Each condition by itself: just not yet, and just wrong."""

import time
from collections import namedtuple
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from plugin.alarms.condition import State, lasting
from plugin.alarms.registry import CHECKS, conditions
from plugin.backups.folder import backup_folder, make_private, name_of
from plugin.backups.records import begin_run, change_run, change_state
from plugin.backups.versions import LATEST
from plugin.core.acts import Act
from plugin.core.opening_hours import Interval, OpeningHours
from plugin.courses.base.clinic import save_hours
from plugin.courses.base.inbox import receive
from plugin.courses.health_facts import WORKER, ClockWatch, MailWatch, sign_of_life
from plugin.courses.square_health import connection_in
from plugin.errors import MailFailed
from plugin.settings import Settings
from plugin.staff_languages import staff_language
from plugin.store import Store
from plugin.store.write_failures import TRIED_AFTER_S
from plugin.wording import speaking
from tests.alarms.clinic import OLGA, Watched
from tests.clock import HandMovedClock


def test_of_a_sound_clinic_nothing_is_wrong(watched: Watched) -> None:
    watched.synced()
    assert [each.name for each in conditions(watched.services, watched.clock()) if each.is_wrong] == []


def test_of_a_clinic_that_is_not_set_up_nothing_is_wrong_either(
    lite_store: Store, clock: HandMovedClock
) -> None:
    bare = Watched(lite_store, clock, {})
    states = {each.name: each.state for each in conditions(bare.services, clock())}
    assert State.WRONG not in states.values()
    not_connected = ("square_answers", "sales_arrive", "clock_is_right")
    assert {states[name] for name in not_connected} == {State.UNUSED}


@pytest.mark.parametrize(("minutes", "is_wrong"), [(9, False), (10, True)])
def test_a_square_silent_for_ten_minutes(lite: Watched, minutes: int, is_wrong: bool) -> None:
    lite.silence_of(minutes)
    seen = lite.condition("square_answers")
    assert seen.is_wrong == is_wrong
    if is_wrong:
        assert seen.said == "Square has not answered for 10 minutes."
        assert "wait" in seen.to_do


def test_a_square_silent_at_night_is_nobodys_alarm_until_the_clinic_has_been_open(lite: Watched) -> None:
    hours = OpeningHours(((Interval(9 * 60, 18 * 60),),) * 7)
    save_hours(lite.store, Act(OLGA, lite.clock(), "nine"), hours)
    lite.fail_square()
    lite.clock.set(lite.clock().replace(hour=9, minute=9) + timedelta(days=1))
    assert not lite.condition("square_answers").is_wrong
    lite.clock.advance(minutes=1)
    assert lite.condition("square_answers").is_wrong


@pytest.mark.parametrize(("minutes", "is_wrong"), [(4, False), (5, True)])
def test_a_token_that_is_refused_for_five_minutes(lite: Watched, minutes: int, is_wrong: bool) -> None:
    lite.fail_square("square_sign_in")
    lite.clock.advance(minutes=minutes)
    assert lite.condition("square_accepts").is_wrong == is_wrong
    assert not lite.condition("square_answers").is_wrong


@pytest.mark.parametrize(("minutes", "is_wrong"), [(119, False), (120, True)])
def test_nothing_from_square_for_two_open_hours(lite: Watched, minutes: int, is_wrong: bool) -> None:
    lite.synced()
    lite.clock.advance(minutes=minutes)
    assert lite.condition("sales_arrive").is_wrong == is_wrong


@pytest.mark.parametrize(("minutes", "is_wrong"), [(14, False), (15, True)])
def test_due_work_that_nobody_takes_up(watched: Watched, minutes: int, is_wrong: bool) -> None:
    receive(watched.store, event_id="e1", event_type="payment.created", body="{}", now=watched.clock())
    watched.clock.advance(minutes=minutes)
    assert watched.condition("queue_moves").is_wrong == is_wrong


@pytest.mark.parametrize(("minutes", "is_wrong"), [(4, False), (5, True)])
def test_a_worker_that_shows_no_sign_of_life(lite: Watched, minutes: int, is_wrong: bool) -> None:
    sign_of_life(lite.store, WORKER, lite.clock())
    lite.clock.advance(minutes=minutes)
    assert lite.condition("worker_runs").is_wrong == is_wrong


def test_a_permission_that_was_not_renewed_for_eight_days(lite_store: Store, clock: HandMovedClock) -> None:
    lite = Watched(lite_store, clock, {"SQUARE_ENVIRONMENT": "sandbox"})
    with lite_store.writing() as session:
        row = connection_in(session)
        row.access_token_sealed, row.refreshed_at = "sealed", clock()
        row.expires_at = clock() + timedelta(days=30)
    clock.advance(days=7, hours=23)
    assert not lite.condition("permission_lasts").is_wrong
    clock.advance(hours=1)
    assert "valid until 2026-12-22" in lite.condition("permission_lasts").said
    assert lite.condition("permission_lasts").is_wrong


def made_at(watched: Watched, **ago: float) -> None:
    folder = make_private(backup_folder(watched.services.settings))
    (folder / name_of(watched.clock() - timedelta(**ago), is_encrypted=True)).touch()


@pytest.mark.parametrize(("minutes", "is_wrong"), [(179, False), (180, True)])
def test_a_backup_that_is_three_open_hours_old(lite: Watched, minutes: int, is_wrong: bool) -> None:
    made_at(lite, minutes=minutes)
    assert lite.condition("copies_are_made").is_wrong == is_wrong


@pytest.mark.parametrize(("hours", "is_wrong"), [(29, False), (30, True)])
def test_a_backup_of_a_closed_clinic_that_is_thirty_hours_old(
    lite: Watched, hours: int, is_wrong: bool
) -> None:
    thursdays = OpeningHours(((), (), (), (Interval(9 * 60, 10 * 60),), (), (), ()))
    save_hours(lite.store, Act(OLGA, lite.clock(), "thursdays"), thursdays)
    made_at(lite, hours=hours)
    assert lite.condition("copies_are_made").is_wrong == is_wrong


def test_a_backup_that_failed_says_why_until_the_next_one_is_good(watched: Watched) -> None:
    made_at(watched, minutes=50)
    run_id = begin_run(watched.store, "schedule", watched.clock())
    change_run(watched.store, run_id, state="failed", problem="The disk is full.", ended_at=watched.clock())
    assert watched.condition("copies_are_made").said == "The last backup failed: The disk is full."
    run_id = begin_run(watched.store, "schedule", watched.clock())
    assert not watched.condition("copies_are_made").is_wrong
    change_run(watched.store, run_id, state="good", ended_at=watched.clock())
    assert watched.condition("copies_are_made").said == "The last good backup is 50 minutes old."


def test_backups_that_do_not_get_elsewhere(lite_store: Store, clock: HandMovedClock) -> None:
    lite = Watched(lite_store, clock, {"BACKUP_REMOTE": "s3:https://s3.example.org/copies"})
    change_state(lite_store, recipient="age1", key_file=b"key", sent_at=clock() - timedelta(hours=1))
    assert not lite.condition("copies_are_sent").is_wrong
    change_state(lite_store, send_failed_at=clock(), send_problem="Access denied.")
    seen = lite.condition("copies_are_sent")
    assert (seen.is_wrong, "Access denied." in seen.said) == (True, True)


AGREES = "The clock agrees with Square’s."
Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(("free", "is_wrong"), [(1_000_000_000, False), (999_999_999, True)])
def test_a_disk_with_less_than_a_gigabyte(
    lite: Watched, monkeypatch: pytest.MonkeyPatch, free: int, is_wrong: bool
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: Usage(10**12, 10**12 - free, free))
    assert lite.condition("disk_has_room").is_wrong == is_wrong


def test_a_data_folder_that_can_not_be_written_beside_a_database_that_can(
    lite: Watched, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    assert not lite.condition("disk_has_room").is_wrong
    beside = {"database_url": "postgresql://host/name", "data_dir": str(tmp_path / "file" / "data")}
    lite.services = replace(lite.services, settings_source=lite.services.settings.model_copy(update=beside))
    condition = lite.condition("disk_has_room")
    assert condition.is_wrong
    assert "The data folder" in condition.said


def test_a_disk_that_was_full_is_right_again_once_something_can_be_written(lite: Watched) -> None:
    failures = lite.store.write_failures
    assert failures.note(OperationalError("INSERT", None, Exception("database or disk is full")))
    assert lite.condition("disk_has_room").is_wrong
    failures.monotonic = lambda: time.monotonic() + TRIED_AFTER_S
    assert not lite.condition("disk_has_room").is_wrong


@pytest.mark.parametrize(("seconds", "is_wrong"), [(0, False), (119, False), (121, True), (-121, True)])
def test_a_clock_two_minutes_off_squares(watched: Watched, seconds: int, is_wrong: bool) -> None:
    hear = ClockWatch(watched.store, watched.clock)
    hear(format_datetime(watched.clock() - timedelta(seconds=seconds), usegmt=True))
    assert watched.condition("clock_is_right").is_wrong == is_wrong
    hear(format_datetime(watched.clock(), usegmt=True))
    assert not watched.condition("clock_is_right").is_wrong


def test_a_clock_that_is_right_again_agrees(lite: Watched) -> None:
    hear = ClockWatch(lite.store, lite.clock)
    for minutes, said in ((5, "The clock of this machine is 5 minutes ahead of Square’s."), (0, AGREES)):
        hear(format_datetime(lite.clock() - timedelta(minutes=minutes), usegmt=True))
        assert lite.condition("clock_is_right").said == said


def test_no_english_fills_the_spanish_of_a_clock_that_is_off(lite: Watched) -> None:
    hear = ClockWatch(lite.store, lite.clock)
    with speaking(staff_language("es")):
        for minutes, side in ((5, "adelantado"), (-5, "atrasado")):
            hear(format_datetime(lite.clock() - timedelta(minutes=minutes), usegmt=True))
            said = str(lite.condition("clock_is_right").said)
            assert said == f"El reloj de esta máquina está 5 minutos {side} respecto al de Square."


@pytest.mark.parametrize("date", ["", "yesterday", "Sun, 99 Nov 2026 99:99:99 GMT", "x" * 9999])
def test_a_date_that_can_not_be_read_says_nothing(lite: Watched, date: str) -> None:
    ClockWatch(lite.store, lite.clock)(date)
    assert lite.condition("clock_is_right").said == AGREES


@pytest.mark.parametrize(("minutes", "is_wrong"), [(29, False), (30, True)])
def test_e_mail_that_fails_for_half_an_hour(watched: Watched, minutes: int, is_wrong: bool) -> None:
    note = MailWatch(watched.store, watched.clock)
    note(MailFailed("The mail server can’t be reached.", permanent=False))
    watched.clock.advance(minutes=minutes)
    note(MailFailed("The mail server does not accept the sign-in.", permanent=False))
    seen = watched.condition("mail_is_sent")
    assert seen.is_wrong == is_wrong
    assert "does not accept the sign-in" in seen.said
    note(None)
    assert watched.condition("mail_is_sent").said == "The mail server takes e-mails."


def test_an_address_that_is_refused_is_no_failure_of_the_mail_server(lite: Watched) -> None:
    note = MailWatch(lite.store, lite.clock)
    note(MailFailed("The mail server does not accept this address.", permanent=True))
    lite.clock.advance(hours=1)
    assert not lite.condition("mail_is_sent").is_wrong


def test_a_check_that_fails_hides_no_other(lite: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_path: object) -> None:
        raise OSError("/secret/path is gone")

    monkeypatch.setattr("shutil.disk_usage", broken)
    seen = conditions(lite.services, lite.clock())
    assert len(seen) == len(CHECKS)
    assert lite.condition("disk_has_room").said == "This could not be checked (OSError)."


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(minutes=-1), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=119), "119 minutes"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(hours=48), "2 days"),
    ],
)
def test_spans_are_said_in_one_unit(span: timedelta, said: str) -> None:
    assert lasting(span) == said


def test_a_newer_version_that_is_known_here_is_told_of(
    lite: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not the folder that the databases of other tests share.
    monkeypatch.setattr(Settings, "data_folder", tmp_path)
    assert not lite.condition("version_is_newest").is_wrong
    (tmp_path / LATEST).write_text("v99.1.0\n")
    told = lite.condition("version_is_newest")
    assert (told.is_wrong, told.is_urgent, "Coursekeeper 99.1.0 is out" in told.said) == (True, False, True)
