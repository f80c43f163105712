"""The demo's data from one version to the next."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from plugin.store import Store
from plugin.store.creation import is_current, upgrade
from plugin.store.tables import Outbox
from practice_square.demo.clinic import due_now
from practice_square.demo.running import Secrets, furnish_once
from tests.store.version_0_1_0 import make_version_0_1_0


def test_the_data_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'coursekeeper.db'}"
    make_version_0_1_0(url)
    (tmp_path / "furnished").touch()
    kept = Secrets(secret_key="demo-" * 8, access_token="t", signature_key="s", password="p")
    furnish_once(tmp_path, {"DATABASE_URL": url, "SECRET_KEY": kept.secret_key}, kept, till_port=9)
    with Store(url) as store:
        assert is_current(store)


def test_work_of_made_up_days_is_not_overdue(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'coursekeeper.db'}"
    upgrade(url)
    now = datetime(2026, 11, 30, 9, tzinfo=UTC)
    then = now - timedelta(days=81)
    with Store(url) as store:
        with store.writing() as session:
            job = {"kind": "papers", "subject": "C", "payload": {}, "created_at": then, "due_at": then}
            session.add(Outbox(id=store.new_id(), **job))
        due_now(store, now)
        with store.reading() as session:
            assert session.scalars(select(Outbox.due_at)).one() == now
