"""`doctor`: says of each thing whether it is right and how to mend it, however much is broken."""

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from plugin.courses.base.inbox import claim, complete, receive
from plugin.courses.health_facts import WORKER, sign_of_life
from plugin.doctor import configuration, data, machine
from plugin.doctor.finding import Finding, State, isolated
from plugin.doctor.machine import given_up, watched
from plugin.errors import SquareFailed
from plugin.secrets_file import make_secrets
from plugin.services import Services
from plugin.settings import Settings, read_settings
from plugin.store import Store
from plugin.store.queues import Heartbeat
from tests.clock import HandMovedClock
from tests.commands.command import Command
from tests.courses.desk import Desk
from tests.store.version_0_1_0 import make_version_0_1_0
from tests.web.conftest import open_house_on

SECRET = "s3cret-of-the-sign-ins-" + "x" * 20
MAIL = "smtp://desk:hunter2hunter2@127.0.0.1:1"


def states(findings: Iterable[Finding]) -> dict[str, State]:
    return {each.check: each.state for each in findings}


def examined(run: Command, *words: str, **environment: str) -> tuple[int, dict[str, dict[str, Any]]]:
    done = run("doctor", "--json", *words, **environment)
    rows = json.loads(done.stdout)["findings"]
    return done.exit_code, {row["check"]: row for row in rows}


def test_a_data_folder_that_is_not_made_yet_has_the_room_of_where_it_will_be(tmp_path: Path) -> None:
    (found,) = machine.disk(tmp_path / "not" / "made")
    assert found.check == "Disk space"
    assert found.said.endswith(f"GB free at {tmp_path}")


@pytest.fixture
def quick_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the test paper, which has a test of its own."""
    monkeypatch.setattr(machine, "papers", lambda _render: iter([]))


def test_a_whole_installation_is_told_line_by_line(lite_store: Store) -> None:
    sign_of_life(lite_store, WORKER, datetime.now(UTC))
    run = Command(str(lite_store.url))
    done = run(
        "doctor",
        SECRET_KEY=SECRET,
        SQUARE_ACCESS_TOKEN="sandbox-token",
        MAIL_URL=MAIL,
        MAIL_FROM="a@b.example",
    )
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert {line.split()[0] for line in lines} <= {"ok", "warning"}
    for check in (
        "Python",
        "Libraries",
        "Papers",
        "Database",
        "Writing",
        "Durability",
        "The worker runs",
        "Pending work is done",
        "Audit",
    ):
        assert any(line.startswith(f"ok       {check}:") for line in lines), check
    assert not [each for each in (SECRET, "hunter2", "sandbox-token") if each in done.output]


@pytest.mark.usefixtures("quick_paper")
def test_what_is_broken_hides_nothing_else(tmp_path: Path) -> None:
    garbage = tmp_path / "clinic.db"
    garbage.write_bytes(os.urandom(9000))
    code, found = examined(Command(f"sqlite:///{garbage}"), MAIL_URL="nonsense", LOG_LEVEL="loud")
    assert code == 1
    assert found["Database"]["state"] == found["SECRET_KEY"]["state"] == found["Settings"]["state"] == "wrong"
    assert found["E-mail"]["state"] == "warning"
    assert found["Database"]["message"] == "The file can’t be used: file is not a database."
    assert found["Disk space"]["state"] == "ok"
    assert all(row["fix"] for row in found.values() if row["state"] != "ok")


def test_a_server_that_refuses_the_address_is_not_called_silent(postgresql_url: str) -> None:
    with Store(postgresql_url) as known:
        unknown = known.url.set(database="no_such_clinic")
    with Store(unknown.render_as_string(hide_password=False)) as store:
        (finding,) = data.answers(store)
    assert (finding.state, "no_such_clinic" in finding.said) == (State.WRONG, True)
    assert "user, password and name" in finding.mend


@pytest.mark.parametrize(
    ("permanent", "fix"),
    [(True, "Connect again under Settings, Square"), (False, "Check this machine’s network.")],
)
def test_a_square_that_is_away_and_one_that_refuses_want_different_things(
    *, permanent: bool, fix: str
) -> None:
    def fails() -> None:
        raise SquareFailed("No.", permanent=permanent)

    (finding,) = machine.square(cast(Services, SimpleNamespace(square=SimpleNamespace(token_status=fails))))
    assert (finding.state, finding.said) == (State.WRONG, "No.")
    assert finding.mend.startswith(fix)


@pytest.mark.usefixtures("quick_paper")
def test_it_makes_no_database_where_there_is_none(tmp_path: Path) -> None:
    code, found = examined(Command(f"sqlite:///{tmp_path / 'new' / 'clinic.db'}"), SECRET_KEY=SECRET)
    assert (code, found["Database"]["state"]) == (1, "wrong")
    assert "There is no" in found["Database"]["message"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("quick_paper")
def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    code, found = examined(Command(f"sqlite:///{tmp_path / 'clinic.db'}"), LOG_LEVEL="loud")
    assert (code, found["Settings"]["message"]) == (
        1,
        "LOG_LEVEL should be 'debug', 'info', 'warning' or 'error'.",
    )


@pytest.mark.usefixtures("quick_paper")
def test_a_database_of_an_older_program_asks_for_the_upgrade(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'clinic.db'}"
    make_version_0_1_0(url)
    _, found = examined(Command(url), SECRET_KEY=SECRET)
    assert found["Database"]["state"] == "wrong"
    assert "coursekeeper upgrade" in found["Database"]["fix"]


def test_what_raises_an_alarm_is_told(lite_store: Store, clock: HandMovedClock) -> None:
    services = open_house_on(lite_store, clock)
    assert states(watched(services, clock()))["Worker"] is State.WRONG
    sign_of_life(lite_store, WORKER, clock())
    desk = Desk(lite_store, clock)
    desk.sell(desk.package())
    found = states(watched(services, clock()))
    assert (found["The worker runs"], found["Pending work is done"]) == (State.OK, State.OK)
    clock.advance(minutes=20)
    found = states(watched(services, clock()))
    assert (found["The worker runs"], found["Pending work is done"]) == (State.WRONG, State.WRONG)


def test_what_was_given_up_is_a_warning(lite_store: Store, clock: HandMovedClock) -> None:
    services = open_house_on(lite_store, clock)
    assert states(given_up(services, clock())) == {}
    receive(lite_store, event_id="e-1", event_type="x", body="{}", now=clock())
    event = claim(lite_store, clock())
    assert event is not None
    complete(lite_store, event.id, state="failed", outcome="", now=clock())
    assert states(given_up(services, clock())) == {"Given up": State.WARNING}


def test_trying_to_write_leaves_nothing(lite_store: Store) -> None:
    assert states(data.answers(lite_store)) == {"Database": State.OK, "Writing": State.OK}
    with lite_store.reading() as session:
        assert session.get(Heartbeat, "doctor") is None


def test_durability_is_read_from_the_database_itself(store: Store) -> None:
    assert states(data.durability(store))["Durability"] in (State.OK, State.WRONG)
    if store.is_sqlite:
        assert states(data.durability(store)) == {"Durability": State.OK}


def test_a_clock_behind_what_was_written_is_wrong(lite_store: Store, clock: HandMovedClock) -> None:
    desk = Desk(lite_store, clock)
    desk.sell(desk.package())
    assert states(data.clock(lite_store, clock())) == {"Clock": State.OK}
    assert states(data.clock(lite_store, clock() - timedelta(minutes=3))) == {"Clock": State.WRONG}


def test_files_that_others_can_read_are_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    shared, own = tmp_path / "shared", tmp_path / "own"
    for path, mode in ((shared, 0o644), (own, 0o600)):
        path.touch()
        path.chmod(mode)
    found = list(data.privacy_of_files((shared, own, tmp_path / "gone")))
    assert [(each.state, str(own) in each.said) for each in found] == [(State.WARNING, False)]
    assert states(data.privacy_of_files((own,))) == {"File modes": State.OK}


def test_it_says_where_a_setting_comes_from(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    url = f"sqlite:///{tmp_path}/clinic.db"
    make_secrets(tmp_path, ["ENCRYPTION_KEYS"])
    environment = {
        "SECRET_KEY_FILE": str(file),
        "MAIL_FROM": "a@b.example",
        "DATABASE_URL": url,
        "HOME": "/x",
    }
    assert configuration.origins(environment, read_settings(environment)) == {
        "DATABASE_URL": "environment",
        "SECRET_KEY": str(file),
        "MAIL_FROM": "environment",
        "ENCRYPTION_KEYS": str(tmp_path / "secrets"),
    }


def test_a_key_that_is_none_is_wrong() -> None:
    settings = Settings.model_validate({"secret_key": SECRET, "encryption_keys": "short"})
    found = list(isolated("Secrets", lambda: configuration.secrets(settings)))
    assert [each.state for each in found] == [State.OK, State.WRONG]
    assert "short" not in found[-1].said


def test_libraries_of_other_versions_are_named(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(
        "# made by make lock\nflask==0.1 \\\n    --hash=sha256:00\nnot-here==1 \\\n    # via flask\n"
        "two==1 ; python_full_version >= '3' \\\ntwo==2 ; python_full_version < '3' \\\n"
    )
    assert machine.locked_versions(tmp_path) == {"flask": "0.1", "not-here": "1", "two": "1"}
    assert machine.locked_versions(tmp_path / "elsewhere") == {}
    assert states(machine.libraries())["Libraries"] is State.OK


def test_a_check_that_fails_says_no_more_than_its_error(lite_store: Store) -> None:
    def fails() -> Iterable[Finding]:
        raise RuntimeError("Ana Souza")

    found = list(isolated("Check", fails))
    assert [each.state for each in found] == [State.WRONG]
    assert "Ana" not in found[0].said


def test_an_address_where_nothing_answers_is_wrong() -> None:
    assert states(machine.address("http://127.0.0.1:1", datetime.now(UTC))) == {"Public address": State.WRONG}


def test_mail_that_is_not_accepted_is_wrong() -> None:
    settings = read_settings({"MAIL_URL": MAIL, "MAIL_FROM": "a@b.example"})
    found = list(machine.mail(settings))
    assert [each.state for each in found] == [State.WRONG]
    assert "hunter2" not in found[0].said


@pytest.mark.parametrize(
    ("direct", "is_pooled", "found"),
    [("", False, []), ("", True, [State.WRONG]), ("postgresql://u@server/clinic", True, [State.OK])],
)
def test_a_pooler_that_backups_would_go_through_is_found(
    direct: str, is_pooled: bool, found: list[State]
) -> None:
    with Store("postgresql://u@pooler/clinic", direct) as store:
        assert [each.state for each in data.pooler(store, is_pooled=is_pooled)] == found
