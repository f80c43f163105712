"""`coursekeeper settings`: what the owner changes in the browser, from the command line."""

import json

import pytest
from cryptography.fernet import Fernet

from tests.commands.command import Command

SERVER = {"SECRET_KEY": "s" * 48, "ENCRYPTION_KEYS": Fernet.generate_key().decode()}


@pytest.fixture
def run(sqlite_url: str) -> Command:
    return Command(sqlite_url)


def listed(run: Command, **environment: str) -> dict[str, tuple[str, str]]:
    said = run("settings", "list", "--json", **SERVER, **environment)
    return {row["setting"]: (row["set_in"], row["value"]) for row in json.loads(said.stdout)}


def test_a_setting_is_stored_listed_and_removed(run: Command) -> None:
    assert run("settings", "set", "RETENTION_DAYS", "45", **SERVER).stdout == "RETENTION_DAYS is set.\n"
    assert listed(run)["RETENTION_DAYS"] == ("database", "45")
    assert listed(run, RETENTION_DAYS="60")["RETENTION_DAYS"] == ("environment", "60")
    assert run("settings", "unset", "retention_days", **SERVER).exit_code == 0
    assert listed(run)["RETENTION_DAYS"] == ("default", "90")


def test_a_secret_comes_on_standard_input_and_is_never_printed(run: Command) -> None:
    said = run("settings", "set", "SQUARE_ACCESS_TOKEN", "EAAA-secret", **SERVER)
    assert (said.exit_code, "is a secret: give it on standard input" in said.output) == (1, True)
    done = run("settings", "set", "SQUARE_ACCESS_TOKEN", stdin="EAAA-secret\n", **SERVER)
    assert (done.exit_code, done.stdout) == (0, "SQUARE_ACCESS_TOKEN is set.\n")
    everything = run("settings", "list", **SERVER).output
    assert listed(run)["SQUARE_ACCESS_TOKEN"] == ("database", "Saved")
    assert "EAAA-secret" not in everything


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("set", "RETENTION_DAYS", "7"), "Days of finished work should be greater than 30"),
        (("set", "DATABASE_URL", "sqlite:///x.db"), "DATABASE_URL is set on the server only"),
        (("set", "NONSENSE", "x"), "NONSENSE is set on the server only"),
        (("set", "MAIL_FROM"), "Nothing came on standard input"),
        (("unset", "SECRET_KEY"), "SECRET_KEY is set on the server only"),
    ],
)
def test_what_is_refused_is_said_in_one_sentence(run: Command, words: tuple[str, ...], says: str) -> None:
    said = run("settings", *words, **SERVER)
    assert (said.exit_code, said.stdout) == (1, "")
    assert says in said.stderr
