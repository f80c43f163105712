"""The demo's data from one version to the next."""

from pathlib import Path

from plugin.store import Store
from plugin.store.migrate import is_current, upgrade
from practice_square.demo.running import Secrets, furnish_once


def test_the_data_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'coursekeeper.db'}"
    upgrade(url, "0022")
    (tmp_path / "furnished").touch()
    kept = Secrets(secret_key="demo-" * 8, access_token="t", signature_key="s", password="p")
    furnish_once(tmp_path, {"DATABASE_URL": url, "SECRET_KEY": kept.secret_key}, kept, till_port=9)
    with Store(url) as store:
        assert is_current(store)
