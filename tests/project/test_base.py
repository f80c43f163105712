"""What the other tests rest on: clock, network guard, databases, browser."""

import socket
import sqlite3
import warnings
from datetime import UTC, datetime

import pytest
from sqlalchemy import inspect, text

from tests.clock import HandMovedClock
from tests.sockets import OtherMachineError


def test_the_clock_stands_still_until_it_is_moved(clock):
    assert clock() == clock() == datetime(2026, 11, 22, 18, 0, tzinfo=UTC)

    assert clock.advance(hours=1, seconds=5) == clock() == datetime(2026, 11, 22, 19, 0, 5, tzinfo=UTC)


def test_the_clock_refuses_a_time_without_a_zone():
    with pytest.raises(ValueError, match="time zone"):
        HandMovedClock().set(datetime(2026, 11, 22))  # noqa: DTZ001


def test_a_connection_to_another_machine_is_refused():
    with socket.socket() as endpoint, pytest.raises(OtherMachineError, match=r"192\.0\.2\.1"):
        endpoint.connect(("192.0.2.1", 80))


def test_a_packet_to_another_machine_is_refused():
    with socket.socket(type=socket.SOCK_DGRAM) as endpoint, pytest.raises(OtherMachineError):
        endpoint.sendto(b"?", ("192.0.2.1", 53))


def test_looking_up_another_machine_is_refused():
    with pytest.raises(OtherMachineError, match=r"example\.org"):
        socket.getaddrinfo("example.org", 443)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_connection_within_this_machine_goes_through(host):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection((host, port), timeout=5).close()


def test_a_warning_is_an_error():
    with pytest.raises(UserWarning, match="careful"):
        warnings.warn("careful", UserWarning, stacklevel=1)


def test_a_database_comes_migrated_and_by_itself(store):
    with store.engine.begin() as connection:
        assert "alembic_version" in inspect(connection).get_table_names()
        connection.execute(text("CREATE TABLE only_here (id INTEGER)"))


def test_what_another_test_wrote_is_not_there(store):
    with store.engine.connect() as connection:
        assert "only_here" not in inspect(connection).get_table_names()


def test_an_empty_database_is_empty(empty_database_url):
    from plugin.store import Store

    with Store(empty_database_url) as opened:
        assert inspect(opened.engine).get_table_names() == []


def test_the_real_postgresql_is_one(postgresql_url):
    from plugin.store import Store

    with Store(postgresql_url) as opened, opened.engine.connect() as connection:
        assert connection.scalar(text("SELECT version()")).startswith("PostgreSQL ")


def test_the_sqlite_file_is_whole(sqlite_url):
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_the_browser_shows_a_page(page):
    page.set_content("<h1>Coursekeeper</h1>")

    assert page.inner_text("h1") == "Coursekeeper"
