"""The page Backups: how they stand, making one, the passphrase once, downloads for the owner alone."""

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from plugin import create_app
from plugin.alarms.registry import conditions
from plugin.backups.archive import is_encrypted
from plugin.backups.folder import backup_folder, names_in
from plugin.backups.make import make_copy
from plugin.backups.standing import backup_problem
from plugin.core.acts import Role
from plugin.services import Services
from plugin.store import Store
from plugin.store.upkeep import BackupRun
from plugin.worker import Worker
from tests.backups.conftest import services_on
from tests.clock import HandMovedClock
from tests.web.conftest import signed_in
from tests.web.page import Page
from tests.web.visitor import Visitor

ADDRESS = "/clinic/backups"


@pytest.fixture
def services(sqlite_url: str, clock: HandMovedClock, tmp_path: Path) -> Iterator[Services]:
    with Store(sqlite_url) as store:
        yield services_on(store, clock, tmp_path)


@pytest.fixture
def app(services: Services) -> Flask:
    return create_app(services=services)


@pytest.fixture
def olga(app: Flask, services: Services) -> Visitor:
    return signed_in(app, services, Role.OWNER)


def send(visitor: Visitor, ending: str) -> str:
    form = next(each for each in visitor.page(ADDRESS).forms if each.action.endswith(ending))
    return visitor.after(form).text


def work(services: Services) -> None:
    while Worker(services).run_next("backups"):
        pass


def wrong(services: Services) -> set[str]:
    return {each.name for each in conditions(services, services.clock()) if each.is_wrong}


def test_a_backup_is_made_when_asked_for_and_shown_as_it_goes(olga: Visitor, services: Services) -> None:
    assert "No backup yet" in olga.page(ADDRESS).text
    assert "Waiting for the worker" in send(olga, "/now")
    work(services)
    page = olga.page(ADDRESS).text
    assert re.search(r"Last good backup 6:00.PM", page)
    assert "Restored into a database of its own; the ledger is clean." in page
    assert "not encrypted" in page
    assert "copies_are_made" not in wrong(services)


def test_they_are_sorted_also_while_the_page_is_live(olga: Visitor, services: Services) -> None:
    send(olga, "/now")
    work(services)
    page = olga.get(f"{ADDRESS}?sort=size").text
    assert 'href="/clinic/backups?sort=-size" aria-current="true"' in page
    assert 'href="/clinic/backups?sort=-size"' in olga.get(f"{ADDRESS}/live?sort=size&seen=1-x").text
    assert "/clinic/backups/live?sort=size" in page


def test_asked_for_twice_one_is_made(olga: Visitor, services: Services) -> None:
    form = next(each for each in olga.page(ADDRESS).forms if each.action.endswith("/now"))
    assert [olga.send(form).status_code for _ in range(2)] == [303, 303]
    work(services)
    with services.store.reading() as session:
        assert session.query(BackupRun).count() == 1


def test_the_step_under_way_is_shown(olga: Visitor, services: Services) -> None:
    with services.store.writing() as session:
        now = services.clock()
        session.add(
            BackupRun(
                id="r", cause="request", state="running", step="Checking that it restores", started_at=now
            )
        )
    page = olga.page(ADDRESS)
    assert "Checking that it restores …" in page.text
    assert not [form for form in page.forms if form.action.endswith("/now")]


def test_the_passphrase_is_shown_once_and_opens_the_next_backup(
    olga: Visitor, services: Services, clock: HandMovedClock
) -> None:
    form = next(each for each in olga.page(ADDRESS).forms if each.action.endswith("/passphrase"))
    page = Page(olga.send(form).text).text
    found = re.search(r"(?:[0-9A-HJKMNP-TV-Z]{4} ?- ?){5}[0-9A-HJKMNP-TV-Z]{4}", page)
    assert found
    after = olga.page(ADDRESS).text
    assert "by Olga Ruiz. It opens every backup made since" in after
    assert found[0].replace(" ", "") not in after
    work(services)
    copy = backup_folder(services.settings) / names_in(backup_folder(services.settings))[0]
    assert is_encrypted(copy)
    stored = Path(services.store.url.database or "").read_bytes()
    assert found[0].replace(" ", "").encode() not in stored


def test_downloads_are_of_copies_alone_and_for_the_owner_alone(
    olga: Visitor, app: Flask, services: Services, tmp_path: Path
) -> None:
    send(olga, "/now")
    work(services)
    name = names_in(tmp_path / "backups")[0]
    answer = olga.get(f"{ADDRESS}/{name}")
    assert answer.data == (tmp_path / "backups" / name).read_bytes()
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    (tmp_path / "backups" / "other.tar").write_text("x")
    for other in ("other.tar", f"{name}.json", "..%2Fcoursekeeper.db", "coursekeeper-20261122T180001Z.tar"):
        assert olga.get(f"{ADDRESS}/{other}").status_code == 404
    assert signed_in(app, services, Role.DESK).get(f"{ADDRESS}/{name}").status_code == 403


def test_a_stolen_moment_at_an_open_screen_gives_no_copy(
    olga: Visitor, services: Services, clock: HandMovedClock
) -> None:
    send(olga, "/now")
    work(services)
    name = names_in(backup_folder(services.settings))[0]
    clock.advance(hours=1)
    assert olga.get(f"{ADDRESS}/{name}").status_code != 200


def test_what_fails_is_said_on_the_page_and_raises_an_alarm(
    olga: Visitor, services: Services, tmp_path: Path
) -> None:
    (tmp_path / "backups").write_text("a file where the folder should be")
    send(olga, "/now")
    work(services)
    page = olga.page(ADDRESS).text
    assert re.search(r"The last backup failed: .* can’t be used: .* There is no backup\.", page)
    assert "copies_are_made" in wrong(services)


@pytest.mark.parametrize(("hours", "is_old"), [(1, False), (2.9, False), (3.2, True)])
def test_an_old_backup_is_wrong_sooner_while_open(
    services: Services, clock: HandMovedClock, hours: float, is_old: bool
) -> None:
    """The clinic has no time zone yet: 18:00 is UTC, and it closes at 21:00."""
    clock.advance(hours=-10)
    make_copy(services)
    clock.advance(hours=hours)
    assert ("hours old" in backup_problem(services, clock())) is is_old


def test_over_night_it_is_not_wrong_but_after_a_day_it_is(services: Services, clock: HandMovedClock) -> None:
    clock.advance(hours=3)
    make_copy(services)
    clock.advance(hours=12)
    assert backup_problem(services, clock()) == ""
    clock.advance(hours=18)
    assert backup_problem(services, clock()) == "The last good backup is 30 hours old."


def test_a_newer_version_that_was_fetched_is_told(olga: Visitor, services: Services, tmp_path: Path) -> None:
    (tmp_path / "latest").write_text("0.0.9\n")
    assert "is out" not in olga.page(ADDRESS).text
    (tmp_path / "latest").write_bytes(os.urandom(5000))
    assert "is out" not in olga.page(ADDRESS).text
    (tmp_path / "latest").write_text("v9.10.1\nwhat is new\n")
    assert "Coursekeeper 9.10.1 is out; " in olga.page(ADDRESS).text


def test_a_folder_that_cannot_be_read_is_said_and_hides_nothing_else(
    olga: Visitor, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a network drive that is gone."""
    folder = backup_folder(services.settings)
    folder.mkdir(exist_ok=True)
    real = Path.iterdir

    def broken(path: Path) -> Iterator[Path]:
        if path == folder:
            raise OSError(errno.EIO, "Input/output error", str(path))
        return real(path)

    monkeypatch.setattr(Path, "iterdir", broken)
    said = f"{folder} can’t be used: Input/output error."
    assert said in olga.page(ADDRESS).text
    (seen,) = (each for each in conditions(services, services.clock()) if each.name == "copies_are_made")
    assert (seen.is_wrong, seen.said) == (True, said)
