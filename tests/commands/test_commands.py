"""The command line: one sentence, the right exit code, nothing half-done."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from itsdangerous import URLSafeTimedSerializer

from plugin.cli import main
from plugin.courses.accounts.api_tokens import holder_of
from plugin.courses.accounts.staff import staff_by_email
from plugin.courses.accounts.staff_edits import RESET_SALT, person_of_link
from plugin.services import wall_clock
from plugin.store import Store
from plugin.web.account.passwords import fits
from tests.clock import HandMovedClock
from tests.commands.command import Command
from tests.courses.desk import Desk
from tests.courses.documents.sales import PDF, Papers


@pytest.fixture
def run(sqlite_url: str) -> Command:
    """Run a command against a database of the test's own."""
    return Command(sqlite_url)


# Words of the first year's private dialect: help is read by people who do not know it.
DIALECT = re.compile(
    r"(?<!-)\b(anew|deed|house|mend|nobody|owe|owed|reckon|somebody|till|told|work off|look after)\b", re.I
)


def _commands(command: click.Command, *words: str) -> Iterator[tuple[str, ...]]:
    yield words
    for name, each in getattr(command, "commands", {}).items():
        yield from _commands(each, *words, name)


def test_each_command_explains_itself(run: Command) -> None:
    helps = {words: run(*words, "--help") for words in _commands(main)}
    assert len(helps) > 25
    assert [words for words, done in helps.items() if done.exit_code or "Usage:" not in done.output] == []
    assert {
        words: DIALECT.findall(done.output) for words, done in helps.items() if DIALECT.search(done.output)
    } == {}


def test_a_person_is_added_with_a_password_made_for_them(run: Command, clock: HandMovedClock) -> None:
    done = run("user", "add", "June@Example.org", "--role", "owner", "--name", "June Park")
    assert done.exit_code == 0
    password = done.stdout.splitlines()[-1]
    with Store(run.address) as store:
        person = staff_by_email(store, "june@example.org")
    assert person is not None
    assert (person.name, person.role.value) == ("June Park", "owner")
    assert fits(password, person.password_hash)


def test_a_password_can_come_by_standard_input_and_is_not_printed(run: Command) -> None:
    done = run(
        "user", "add", "a@example.org", "--role", "desk", "--password-stdin", stdin="long enough word\n"
    )
    assert done.exit_code == 0
    assert "long enough word" not in done.output
    with Store(run.address) as store:
        person = staff_by_email(store, "a@example.org")
    assert person is not None
    assert fits("long enough word", person.password_hash)


@pytest.mark.parametrize(
    ("words", "stdin", "says"),
    [
        (["user", "add", "no address", "--role", "desk"], "", "That is not an e-mail address"),
        (["user", "add", "a@example.org", "--role", "desk", "--password-stdin"], "short\n", "at least 10"),
        (["user", "password", "nobody@example.org"], "", "No user signs in with that address"),
        (["user", "disable", "nobody@example.org"], "", "No user signs in with that address"),
        (["user", "enable", "nobody@example.org"], "", "No user signs in with that address"),
        (["user", "role", "nobody@example.org", "desk"], "", "No user signs in with that address"),
        (["user", "reset-link", "nobody@example.org"], "", "No user signs in with that address"),
        (
            ["user", "add", "a@example.org", "--role", "desk", "--password-stdin"],
            "password1234\n",
            "Add another",
        ),
        (["token", "revoke", "kiosk"], "", "There is no token called kiosk"),
    ],
)
def test_a_refusal_is_one_sentence_and_exit_code_1(
    run: Command, words: list[str], stdin: str, says: str
) -> None:
    done = run(*words, stdin=stdin)
    assert done.exit_code == 1
    assert says in done.stderr
    assert "Traceback" not in done.output


def test_the_same_address_is_not_added_twice(run: Command) -> None:
    assert run("user", "add", "a@example.org", "--role", "desk").exit_code == 0
    again = run("user", "add", "A@example.org", "--role", "owner")
    assert again.exit_code == 1
    assert "is already in use" in again.stderr


def test_a_new_password_ends_the_sessions_opened_with_the_old_one(run: Command) -> None:
    run("user", "add", "a@example.org", "--role", "desk")
    with Store(run.address) as store:
        before = staff_by_email(store, "a@example.org")
        done = run("user", "password", "a@example.org")
        after = staff_by_email(store, "a@example.org")
    assert before is not None
    assert after is not None
    assert before.session_mark != after.session_mark
    assert fits(done.stdout.splitlines()[-1], after.password_hash)


def test_a_person_is_added_with_a_link_to_choose_a_password(run: Command) -> None:
    done = run(
        "user",
        "add",
        "wu@example.org",
        "--role",
        "practitioner",
        "--link",
        PUBLIC_URL="https://desk.example.org",
    )
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("https://desk.example.org/reset/")
    assert json.loads(run("user", "list", "--json").stdout)[0]["state"] == "invited"
    again = run("user", "reset-link", "wu@example.org")
    assert again.stdout != done.stdout
    assert run("user", "add", "b@example.org", "--role", "desk", "--link", "--password-stdin").exit_code == 2


def test_a_reset_link_is_signed_with_the_key_that_the_desk_checks(run: Command) -> None:
    run("user", "add", "a@example.org", "--role", "desk")
    done = run("user", "reset-link", "a@example.org", SECRET_KEY="k" * 48)
    assert done.exit_code == 0, done.output
    token = done.stdout.strip().removeprefix("http://127.0.0.1:8000/reset/")
    content, _ = URLSafeTimedSerializer(["k" * 48], salt=RESET_SALT).loads(token)
    with Store(run.address) as store:
        person = person_of_link(store, content, wall_clock())
    assert person is not None
    assert person.email == "a@example.org"


def test_a_role_is_changed_and_the_last_owner_stays(run: Command) -> None:
    run("user", "add", "june@example.org", "--role", "owner", "--name", "June Park")
    run("user", "add", "deb@example.org", "--role", "desk")
    done = run("user", "role", "june@example.org", "desk")
    assert (done.exit_code, "last active owner" in done.stderr) == (1, True)
    assert (
        run("user", "role", "deb@example.org", "owner").stdout == "deb@example.org has the role owner now.\n"
    )
    assert run("user", "role", "june@example.org", "desk").exit_code == 0


def test_a_token_is_printed_alone_on_the_last_line_and_kept_only_as_a_digest(
    run: Command, clock: HandMovedClock
) -> None:
    done = run("token", "add", "kiosk", "--role", "desk", "--days", "30")
    assert done.exit_code == 0
    token = done.stdout.splitlines()[-1]
    with Store(run.address) as store:
        holder = holder_of(store, token, clock())
        assert holder is not None
        assert holder.actor.name == "kiosk"
        assert holder_of(store, token, clock.advance(days=3650)) is None
    assert token not in Path(run.address.removeprefix("sqlite:///")).read_bytes().decode("latin-1")


def test_a_person_is_disabled_and_enabled_again_and_twice_is_no_error(run: Command) -> None:
    """C4."""
    run("user", "add", "june@example.org", "--role", "owner", "--name", "June Park")
    run("user", "add", "deb@example.org", "--role", "desk", "--name", "Deb Lane")
    for _ in range(2):
        done = run("user", "disable", "Deb@example.org")
        assert (done.exit_code, done.stdout) == (
            0,
            "deb@example.org can no longer sign in. All open sessions have ended.\n",
        )
    assert run("user", "list").stdout.splitlines() == [
        "EMAIL             NAME       ROLE   STATE        LAST SIGN IN",
        "deb@example.org   Deb Lane   desk   deactivated  -",
        "june@example.org  June Park  owner  active       -",
    ]
    for _ in range(2):
        done = run("user", "enable", "deb@example.org")
        assert (done.exit_code, done.stdout) == (0, "deb@example.org can sign in.\n")
    assert [each["state"] for each in json.loads(run("user", "list", "--json").stdout)] == [
        "active",
        "active",
    ]


def test_the_last_owner_is_not_disabled(run: Command) -> None:
    """C4."""
    run("user", "add", "june@example.org", "--role", "owner", "--name", "June Park")
    done = run("user", "disable", "june@example.org")
    assert done.exit_code == 1
    assert done.stderr == "June Park is the last active owner. Add or reactivate another owner first.\n"


def test_a_token_is_revoked_by_its_name_or_its_id_and_twice_is_no_error(
    run: Command, clock: HandMovedClock
) -> None:
    """C4."""
    tokens = [run("token", "add", name, "--role", "desk").stdout.strip() for name in ("kiosk", "site")]
    kiosk, site = json.loads(run("token", "list", "--json").stdout)
    assert (kiosk["name"], kiosk["state"], kiosk["last_used"]) == ("kiosk", "active", None)
    for name in ("kiosk", "kiosk", site["id"], site["id"]):
        done = run("token", "revoke", name)
        assert done.exit_code == 0
        assert "is revoked. Programs that use it are refused." in done.stdout
    listed = run("token", "list").stdout
    assert [line.split()[3] for line in listed.splitlines()] == ["STATE", "revoked", "revoked"]
    assert not any(token in listed for token in tokens)
    with Store(run.address) as store:
        assert [holder_of(store, token, clock()) for token in tokens] == [None, None]


def test_an_empty_list_says_what_to_do(run: Command) -> None:
    assert "coursekeeper user add" in run("user", "list").stdout
    assert "coursekeeper token add" in run("token", "list").stdout
    assert json.loads(run("token", "list", "--json").stdout) == []


@pytest.mark.parametrize("words", [["sweep"], ["inbox", "run"]])
def test_square_is_not_spoken_to_without_a_token(run: Command, words: list[str]) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert "SQUARE_ACCESS_TOKEN is missing" in done.stderr


def test_a_time_that_is_none_is_refused(run: Command) -> None:
    done = run("sweep", "--since", "yesterday", SQUARE_ACCESS_TOKEN="t")
    assert done.exit_code == 1
    assert "--since must be a time" in done.stderr


def test_a_database_address_that_is_none_is_refused(run: Command) -> None:
    done = run("audit", DATABASE_URL="mysql://x/y")
    assert done.exit_code == 2
    assert "DATABASE_URL names no database" in done.stderr


def test_an_audit_of_a_clean_house_says_so(run: Command) -> None:
    assert run("audit").stdout == "Clean.\n"
    assert json.loads(run("audit", "--json").stdout) == {"findings": []}


def test_a_database_of_another_version_is_not_touched(run: Command, tmp_path: Path) -> None:
    run("audit")
    file = sqlite3.connect(tmp_path / "coursekeeper.db")
    file.execute("UPDATE alembic_version SET version_num = '9999'")
    file.commit()
    file.close()
    done = run("audit")
    assert done.exit_code == 2
    assert "was used by a newer version of Coursekeeper" in done.stderr


def test_a_copy_brings_everything_back(run: Command, tmp_path: Path) -> None:
    run("user", "add", "a@example.org", "--role", "desk")
    copy = tmp_path / "copy.db"
    assert run("backup", str(copy)).exit_code == 0
    elsewhere = f"sqlite:///{tmp_path / 'elsewhere' / 'clinic.db'}"
    done = run("restore", str(copy), DATABASE_URL=elsewhere)
    assert done.exit_code == 0, done.output
    with Store(elsewhere) as store:
        assert staff_by_email(store, "a@example.org") is not None


def test_a_copy_that_is_not_sent_is_a_failure_in_words(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "rclone"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\n[ ! -e {tmp_path}/fails ] || {{ echo "Failed: no such bucket" >&2; exit 1; }}\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    remote = "s3:https://s3.example.com/lotus/copies"

    sent = run("backup", "--new-passphrase", BACKUP_REMOTE=remote)
    assert sent.exit_code == 0, sent.output
    assert "It is sent to s3.example.com/lotus/copies." in sent.output

    (tmp_path / "fails").touch()
    kept = run("backup", BACKUP_REMOTE=remote)
    assert (kept.exit_code, "is made and checked." in kept.stdout) == (1, True)
    assert "It is not sent to s3.example.com/lotus/copies. rclone: Failed: no such bucket" in kept.stderr


def test_a_copy_never_overwrites_another(run: Command, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_text("yesterday's")
    assert run("backup", str(copy)).exit_code == 1
    assert copy.read_text() == "yesterday's"


def test_a_restore_never_overwrites_data(run: Command, tmp_path: Path) -> None:
    run("user", "add", "a@example.org", "--role", "desk")
    copy = tmp_path / "copy.db"
    run("backup", str(copy))
    done = run("restore", str(copy))
    assert done.exit_code == 1
    assert "holds data" in done.stderr


def test_a_damaged_copy_is_refused_and_nothing_is_made(run: Command, tmp_path: Path) -> None:
    run("user", "add", "a@example.org", "--role", "desk")
    copy = tmp_path / "copy.db"
    run("backup", str(copy))
    whole = bytearray(copy.read_bytes())
    whole[4096 : 4096 + 3000] = b"\x55" * 3000
    copy.write_bytes(bytes(whole))
    target = tmp_path / "new.db"
    done = run("restore", str(copy), DATABASE_URL=f"sqlite:///{target}")
    assert done.exit_code == 1
    assert not target.exists() or target.stat().st_size == 0


def test_a_paper_for_no_course_is_refused(run: Command, tmp_path: Path) -> None:
    done = run("papers", "summary", "nothing", str(tmp_path / "x.pdf"))
    assert done.exit_code == 1
    assert "no such course" in done.stderr


@pytest.mark.parametrize("what", ["courses", "entries", "liability"])
def test_the_ledger_is_exported_to_a_file_or_to_standard_output(
    run: Command, tmp_path: Path, what: str
) -> None:
    done = run("export", what, "--format", "csv")
    assert (done.exit_code, len(done.stdout.splitlines()[0].split(",")) > 5) == (0, True)
    file = tmp_path / "out.xlsx"
    done = run("export", what, "--format", "xlsx", "--from", "2026-11-01", "--to", "2026-11-30", str(file))
    assert (done.exit_code, file.read_bytes()[:2]) == (0, b"PK")


def test_an_export_of_days_that_are_none_is_refused_in_words(run: Command) -> None:
    done = run("export", "entries", "--format", "csv", "--from", "yesterday")
    assert (done.exit_code, done.stderr) == (1, "--from must be a date such as 2026-11-01.\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["aftercare", "nothing"], "There is no such course."),
        (["invoice", "nothing"], "There is no such course."),
        (["statement", "nothing"], "There is no such course."),
        (["voucher", "nothing"], "No gift was made of this course."),
        (["document", "INV-0001"], "There is no such document."),
    ],
    ids=str,
)
def test_a_paper_that_is_not_there_is_refused_in_one_sentence(
    run: Command, tmp_path: Path, words: list[str], says: str
) -> None:
    done = run("papers", *words, str(tmp_path / "x.pdf"))
    assert (done.exit_code, done.stderr) == (1, f"{says}\n")
    assert not (tmp_path / "x.pdf").exists()


def test_an_issued_paper_is_written_as_it_was_drawn(
    run: Command, clock: HandMovedClock, tmp_path: Path
) -> None:
    assert run("db", "upgrade").exit_code == 0
    with Store(run.address) as store:
        papers = Papers(Desk(store, clock))
        course = papers.sell("O")
        papers.work()
    for words in (["invoice", course], ["document", "INV-0001"]):
        file = tmp_path / f"{words[0]}.pdf"
        assert run("papers", *words, str(file)).stdout == f"Written to {file}.\n"
        assert file.read_bytes() == PDF
    file = tmp_path / "statement.pdf"
    assert run("papers", "statement", course, str(file)).stdout == f"Written to {file}.\n"
    assert file.read_bytes().startswith(b"%PDF")
    done = run("papers", "document", "INV-0001", str(tmp_path / "no" / "folder.pdf"))
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.endswith("folder.pdf can’t be used: No such file or directory.\n")


def test_a_database_that_does_not_answer_is_one_sentence(run: Command) -> None:
    for words in (["audit"], ["db", "upgrade"]):
        done = run(*words, DATABASE_URL="postgresql://nobody@127.0.0.1:1/nowhere")
        assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
        assert "DATABASE_URL" in done.stderr


def test_an_export_to_a_folder_that_is_not_there_is_one_sentence(run: Command, tmp_path: Path) -> None:
    done = run("export", "courses", "--format", "csv", str(tmp_path / "no" / "out.csv"))
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "No such file or directory" in done.stderr


def test_the_help_loads_neither_use_cases_nor_the_web_nor_square_nor_the_papers() -> None:
    heavy = ("flask", "weasyprint", "square", "plugin.courses", "plugin.web")
    program = f"import sys, plugin.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
