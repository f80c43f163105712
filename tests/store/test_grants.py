"""With another role as the owner of the tables, the program works and can't rewrite its ledger."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from plugin.courses.privacy.erasure import Erasure, erase_client
from plugin.store import Store
from plugin.store.triggers import ERASED, can_rewrite, grants
from tests.clock import HandMovedClock
from tests.commands.command import Command
from tests.courses.desk import OLGA, Desk

ROLE = "ledger_app"
REFUSED = (
    "UPDATE entry SET value_after = 0",
    "UPDATE entry SET sha256 = ''",
    "DELETE FROM entry",
    "TRUNCATE entry CASCADE",
    "DELETE FROM sealed_row",
    "UPDATE ledger_seal SET sha256 = ''",
    "DELETE FROM document",
    "ALTER TABLE entry DISABLE TRIGGER ALL",
    "DROP TRIGGER entry_refuses_change ON entry",
    "SET session_replication_role = replica",
)


@pytest.fixture
def limited(postgresql_url: str) -> Iterator[Store]:
    with Store(postgresql_url) as owner:
        with owner.engine.connect() as connection:
            connection.execute(text(f"DROP ROLE IF EXISTS {ROLE}"))
            connection.execute(text(f"CREATE ROLE {ROLE} LOGIN"))
            for statement in grants(ROLE, "postgres"):
                connection.execute(text(statement))
            connection.commit()
        url = owner.url.set(username=ROLE).render_as_string(hide_password=False)
        with owner.reading() as session:
            assert "entry" in can_rewrite(session)
        with Store(url) as store:
            yield store
        with owner.engine.connect() as connection:
            connection.execute(text(f"DROP OWNED BY {ROLE}"))
            connection.execute(text(f"DROP ROLE {ROLE}"))
            connection.commit()


def test_a_role_without_grants_is_told_so(limited: Store, postgresql_url: str) -> None:
    with Store(postgresql_url) as owner, owner.engine.connect() as connection:
        connection.execute(text(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {ROLE}"))
        connection.commit()

    done = Command(limited.url.render_as_string(hide_password=False))("audit")

    assert done.exit_code == 2
    assert "The user of DATABASE_URL may not do this: permission denied for table" in done.stderr
    assert "coursekeeper db grants" in done.stderr


def test_the_program_works_and_can_not_rewrite(limited: Store, clock: HandMovedClock) -> None:
    desk = Desk(limited, clock)
    course_id = desk.sell()
    desk.undo(desk.use(course_id).entry.id)
    for statement in REFUSED:
        with pytest.raises(DBAPIError), limited.engine.connect() as connection:
            connection.execute(text(statement))
    client_id = desk.course(course_id).client_id or ""
    erase_client(limited, desk.act(OLGA), Erasure(client_id, "Ana Souza", gives_up=True))
    with limited.reading() as session:
        assert set(session.scalars(text("SELECT reason FROM entry WHERE kind = 'reversed'"))) == {ERASED}
        assert can_rewrite(session) == ()
