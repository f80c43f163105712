"""Settings come from the environment or a file; a wrong one stops the start with a sentence that mends it."""

from pathlib import Path

import pytest

from plugin.errors import ConfigurationError
from plugin.settings import read_settings

GOOD_SECRET = "a-secret-that-is-long-enough-to-be-one"


def test_it_starts_from_nothing_but_a_secret() -> None:
    settings = read_settings({"SECRET_KEY": GOOD_SECRET}).needing("secret_key")
    assert settings.database_url == "sqlite:///var/coursekeeper.db"
    assert settings.square_address == "http://127.0.0.1:9000"
    assert settings.webhook_address == "http://127.0.0.1:8000/square/webhooks"


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({"SQUARE_ENVIRONMENT": "production"}, "https://connect.squareup.com"),
        ({"SQUARE_ENVIRONMENT": "sandbox"}, "https://connect.squareupsandbox.com"),
        (
            {"SQUARE_ENVIRONMENT": "production", "SQUARE_BASE_URL": "http://127.0.0.1:1/x/"},
            "http://127.0.0.1:1/x",
        ),
    ],
)
def test_the_base_url_goes_before_the_environment(environment: dict[str, str], address: str) -> None:
    assert read_settings(environment).square_address == address


def test_a_secret_is_read_from_the_file_that_its_name_file_points_to(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{GOOD_SECRET}\n")
    settings = read_settings({"SECRET_KEY_FILE": str(file)})
    assert settings.secret_key.get_secret_value() == GOOD_SECRET


def test_a_secret_does_not_show_when_settings_are_printed() -> None:
    assert GOOD_SECRET not in repr(
        read_settings({"SECRET_KEY": GOOD_SECRET, "SQUARE_ACCESS_TOKEN": GOOD_SECRET})
    )


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"PUBLIC_URL": "desk.example.org"}, "PUBLIC_URL is no web address"),
        ({"SQUARE_BASE_URL": "ftp://x"}, "SQUARE_BASE_URL is no web address"),
        ({"SQUARE_ENVIRONMENT": "live"}, "SQUARE_ENVIRONMENT is practice, sandbox or production"),
        ({"SECRET_KEY": GOOD_SECRET, "SECRET_KEY_FILE": "x"}, "SECRET_KEY and SECRET_KEY_FILE are both set"),
        ({"SECRET_KEY_FILE": "/nowhere/at/all"}, "SECRET_KEY_FILE names a file that can’t be read"),
    ],
)
def test_a_wrong_setting_is_named_with_its_mend(environment: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        read_settings(environment)


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "SECRET_KEY is missing. Make one with"),
        ({"SECRET_KEY": "   "}, "SECRET_KEY is missing"),
        ({"SECRET_KEY": "x" * 31}, "SECRET_KEY is too short"),
    ],
)
def test_a_missing_or_weak_secret_stops_the_start(
    tmp_path: Path, environment: dict[str, str], says: str
) -> None:
    elsewhere = {"DATABASE_URL": f"sqlite:///{tmp_path}/clinic.db"}
    with pytest.raises(ConfigurationError, match=says):
        read_settings({**elsewhere, **environment}).needing("secret_key")


def test_other_variables_of_the_machine_are_left_alone() -> None:
    assert (
        read_settings({"HOME": "/x", "SQUARE_TOKEN": "not ours"}).square_access_token.get_secret_value() == ""
    )
