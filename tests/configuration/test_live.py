"""Settings made in the browser: environment before database before default, and in effect without a restart."""

from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from plugin.configuration.registry import DECLARED, is_editable
from plugin.configuration.save import recent_changes
from plugin.configuration.stored import REFRESH_S, reseal_settings
from plugin.core.acts import Actor, Role, Source
from plugin.courses.health_facts import clock_offset
from plugin.errors import InvalidField, NotAllowed, Refused
from plugin.settings import Settings
from plugin.square.connection.tokens import open_square
from plugin.store import Store
from tests.budgets.counting import counted
from tests.clock import HandMovedClock
from tests.configuration.running import KEY, TOKEN, Seconds, running_on, save, save_named


def secret(settings: Settings) -> str:
    return settings.square_access_token.get_secret_value()


def test_a_stored_setting_goes_before_the_default_and_behind_the_environment(
    store: Store, clock: HandMovedClock
) -> None:
    open_to_change = running_on(store, clock)
    assert open_to_change.settings.retention_days == 90
    assert save(open_to_change, retention_days="40", square_location_id="L1") == (
        "retention_days",
        "square_location_id",
    )
    assert open_to_change.settings.retention_days == 40
    fixed = running_on(store, clock, retention_days="60")
    assert (fixed.settings.retention_days, fixed.settings.square_location_id) == (60, "L1")
    with pytest.raises(Refused, match="Days of finished work is set by the server, as RETENTION_DAYS"):
        save(fixed, retention_days="50")


def test_a_removed_setting_is_the_default_again(store: Store, clock: HandMovedClock) -> None:
    services = running_on(store, clock)
    save(services, retention_days="40", square_access_token=TOKEN)
    save(services, retention_days="", square_access_token="")
    assert (services.settings.retention_days, secret(services.settings)) == (90, "")


def test_another_process_follows_within_seconds_and_asks_nothing_in_between(
    store: Store, clock: HandMovedClock
) -> None:
    seconds = Seconds()
    here, there = running_on(store, clock), running_on(store, clock, seconds=seconds)
    assert there.settings.mail_from == ""
    save(here, mail_from="Lotus <desk@example.org>")
    with counted(store.engine) as statements:
        assert there.settings.mail_from == ""
    assert statements == []
    seconds.now += REFRESH_S
    with counted(store.engine) as statements:
        assert there.settings.mail_from == there.settings.mail_from == "Lotus <desk@example.org>"
    assert len([each for each in statements if each.is_query]) == 1


def test_a_reader_in_the_middle_of_a_page_gets_what_it_has_just_saved(
    store: Store, clock: HandMovedClock
) -> None:
    services = running_on(store, clock)
    with store.one_moment():
        recent_changes(services)
        save(services, retention_days="45")
        assert services.settings.retention_days == 45


def test_a_secret_is_sealed_in_the_database_and_absent_from_what_is_recorded(
    store: Store, clock: HandMovedClock
) -> None:
    services = running_on(store, clock)
    save(services, square_access_token=TOKEN)
    assert secret(services.settings) == TOKEN
    with store.engine.connect() as connection:
        rows = str(
            [connection.execute(text(f"SELECT * FROM {name}")).all() for name in ("setting", "activity")]
        )
    assert TOKEN not in rows
    change = recent_changes(services)[0]
    assert (change.label, change.after, change.changed_by) == ("Access token", "saved", "Olive")


def test_a_lost_key_stops_nothing_is_reported_and_the_secret_can_be_entered_again(
    store: Store, clock: HandMovedClock
) -> None:
    save(running_on(store, clock), square_access_token=TOKEN, retention_days="40")
    for keys in ("", Fernet.generate_key().decode()):
        without = running_on(store, clock, keys=keys)
        assert (secret(without.settings), without.settings.retention_days) == ("", 40)
        assert "can’t be read: the key" in without.settings_source.problems["square_access_token"]
    save(without, square_access_token=TOKEN)
    assert (secret(without.settings), without.settings_source.problems) == (TOKEN, {})
    with pytest.raises(Refused, match="ENCRYPTION_KEYS is missing"):
        save(running_on(store, clock, keys=""), square_access_token="another")


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("retention_days", "7"),
        ("retention_days", "many"),
        ("public_url", "desk"),
        ("square_environment", "live"),
    ],
)
def test_a_stored_value_that_is_no_longer_valid_counts_as_unset_and_is_reported(
    store: Store, clock: HandMovedClock, name: str, stored: str
) -> None:
    with store.engine.begin() as connection:
        connection.execute(
            text(
                f"INSERT INTO setting VALUES ('{name}', '{stored}', NULL, 1, '2026-01-01', 'June'), "
                "('of_a_later_version', 'x', NULL, 1, '2026-01-01', 'June'), "
                "('database_url', 'sqlite:///elsewhere.db', NULL, 1, '2026-01-01', 'June')"
            )
        )
    services = running_on(store, clock)
    assert getattr(services.settings, name) == Settings.model_fields[name].default
    assert services.settings.database_url == Settings.model_fields["database_url"].default
    assert list(services.settings_source.problems) == [name]


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("public_url", "desk.example.org", "Address of the desk is no web address; write it whole"),
        ("square_environment", "live", "Environment is practice, sandbox or production"),
        ("retention_days", "30", "Days of finished work should be greater than 30"),
        ("mail_url", "mail.example.org", "Mail server names no mail server"),
        ("mail_from", "nobody", "Sender is no sender; write it like"),
        ("mail_from", "a\x00b", "holds a character that is none"),
        ("square_access_token", "x" * 1_000_000, "too long"),
    ],
)
def test_bad_input_gets_the_sentence_of_a_wrong_environment_and_nothing_is_written(
    store: Store, clock: HandMovedClock, name: str, typed: str, says: str
) -> None:
    services = running_on(store, clock)
    with pytest.raises(InvalidField, match=says):
        save_named(services, {"square_location_id": "L1", name: typed})
    assert services.settings.square_location_id == ""


@pytest.mark.parametrize("name", ["database_url", "secret_key", "encryption_keys", "no_such_setting"])
def test_what_only_the_server_sets_is_never_stored(store: Store, clock: HandMovedClock, name: str) -> None:
    with pytest.raises(Refused, match="is set on the server only"):
        save_named(running_on(store, clock), {name: "x" * 40})


def test_the_desk_may_not(store: Store, clock: HandMovedClock) -> None:
    with pytest.raises(NotAllowed):
        save(running_on(store, clock), retention_days="40", by=Actor("Deb", Role.DESK, Source.DESK))


def test_a_form_opened_before_another_change_overwrites_nothing_but_may_come_twice(
    store: Store, clock: HandMovedClock
) -> None:
    services = running_on(store, clock)
    save(services, seen={"retention_days": 0}, retention_days="40")
    assert save(services, seen={"retention_days": 0}, retention_days="40") == ()
    with pytest.raises(
        Refused, match="Olive changed “Days of finished work” to “40” after you opened this page"
    ):
        save(services, seen={"retention_days": 0}, retention_days="50")
    assert save(services, seen={"retention_days": 1}, retention_days="50") == ("retention_days",)
    assert [(each.before, each.after) for each in recent_changes(services)] == [("40", "50"), ("", "40")]


def test_a_new_key_seals_again_what_the_older_one_sealed(store: Store, clock: HandMovedClock) -> None:
    save(running_on(store, clock), square_access_token=TOKEN)
    new = Fernet.generate_key().decode()
    reseal_settings(running_on(store, clock, keys=f"{new},{KEY}"))
    assert secret(running_on(store, clock, keys=new).settings) == TOKEN


def test_every_setting_is_declared_and_the_keys_are_for_the_server_alone() -> None:
    assert set(DECLARED) == set(Settings.model_fields)
    server_only = {name for name in DECLARED if not is_editable(name)}
    assert {"database_url", "data_dir", "secret_key", "encryption_keys", "square_base_url"} <= server_only


def test_the_next_call_to_square_goes_to_the_new_address_with_the_new_token(
    store: Store, clock: HandMovedClock
) -> None:
    asked: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((str(request.url.host), request.headers["Authorization"]))
        return httpx.Response(200, json={"merchant": {"id": "M"}})

    services = running_on(store, clock)
    source = services.settings_source
    square = open_square(source, store, services.vault, clock, transport=httpx.MockTransport(answer))
    for environment in ("sandbox", "production"):
        save(services, square_environment=environment, square_access_token=f"of-{environment}")
        square.merchant()
    square.close()
    assert asked == [
        ("connect.squareupsandbox.com", "Bearer of-sandbox"),
        ("connect.squareup.com", "Bearer of-production"),
    ]


def test_square_s_clock_is_heard_as_soon_as_it_is_not_the_practice_one(
    store: Store, clock: HandMovedClock
) -> None:
    date = format_datetime(clock() - timedelta(minutes=5), usegmt=True)
    transport = httpx.MockTransport(
        lambda _request: httpx.Response(200, json={"merchant": {"id": "M"}}, headers={"Date": date})
    )
    services = running_on(store, clock)
    square = open_square(services.settings_source, store, services.vault, clock, transport=transport)
    heard = []
    for environment in ("practice", "production"):
        save(services, square_environment=environment, square_access_token=f"of-{environment}")
        square.merchant()
        heard.append(clock_offset(store))
    square.close()
    assert heard == [None, timedelta(minutes=5)]


def test_mail_is_ready_as_soon_as_its_settings_are_saved(store: Store, clock: HandMovedClock) -> None:
    services = running_on(store, clock)
    assert not services.mail.is_ready
    save(services, mail_url="smtp://127.0.0.1:2525", mail_from="desk@example.org")
    assert services.mail.is_ready
    save(services, mail_from="")
    assert not services.mail.is_ready
