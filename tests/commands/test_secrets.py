"""The secrets of a new clinic: made once, readable by one user, never made again over a database in use."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from plugin.errors import ConfigurationError
from plugin.secrets_file import make_secrets, read_secrets
from plugin.settings import read_settings
from plugin.start import started_settings
from plugin.vault import Vault
from tests.commands.command import Command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of the environment, with nothing in it."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'data' / 'clinic.db'}")
    for name in ("SECRET_KEY", "ENCRYPTION_KEYS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "data"


def _secrets() -> tuple[str, str]:
    known = read_settings()
    return known.secret_key.get_secret_value(), known.encryption_keys.get_secret_value()


@pytest.fixture
def begin(folder: Path, _migrated_file: Path) -> Callable[[], Command]:
    """Put a database with somebody in it into the folder, and return Coursekeeper on it."""

    def begun() -> Command:
        folder.mkdir()
        shutil.copyfile(_migrated_file, folder / "clinic.db")
        run = Command(f"sqlite:///{folder / 'clinic.db'}")
        assert run("user", "add", "june@example.org", "--role", "owner").exit_code == 0
        return run

    return begun


def test_an_empty_folder_gets_secrets_that_work_and_are_its_users_alone(folder: Path) -> None:
    settings = started_settings()
    assert len(settings.secret_key.get_secret_value()) >= 32
    vault = Vault(settings.encryption_keys.get_secret_value())
    assert vault.open(vault.seal("a token")) == "a token"
    assert (folder / "secrets").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.glob("*secrets*")] == ["secrets"]


def test_the_next_start_has_the_same(folder: Path) -> None:
    started_settings()
    before = _secrets()
    started_settings()
    assert _secrets() == before
    assert folder.exists()


def test_many_that_start_at_once_agree(folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: make_secrets(folder), range(24)))
    assert len(read_secrets(folder)) == 2
    assert [path.name for path in folder.iterdir()] == ["secrets"]


def test_processes_that_start_at_once_agree(folder: Path) -> None:
    program = "from plugin.start import started_settings as s; print(s().secret_key.get_secret_value())"
    started_settings()
    (folder / "secrets").unlink()
    running = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = {process.communicate(timeout=60)[0] for process in running}
    assert said == {f"{_secrets()[0]}\n"}


def test_a_start_loads_no_use_cases_and_no_client_of_the_internet(folder: Path) -> None:
    heavy = ("flask", "httpx", "pyrage", "plugin.courses", "plugin.square")
    program = (
        "import sys; from plugin.start import started_settings as s; s();"
        f" print([name for name in {heavy} if name in sys.modules])"
    )
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout == "[]\n"
    assert (folder / "secrets").exists()


def test_the_environment_wins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started_settings()
    monkeypatch.setenv("SECRET_KEY", "the secret of the environment, long enough")
    assert started_settings().secret_key.get_secret_value().startswith("the secret of the env")
    assert "the secret of the env" not in (folder / "secrets").read_text()


def test_a_clinic_that_has_a_secret_key_gets_the_other_alone(
    folder: Path, begin: Callable[[], Command], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an upgrade: nothing was ever sealed, so nothing is lost."""
    monkeypatch.setenv("SECRET_KEY", "the secret of the environment, long enough")
    begin()
    assert list(read_secrets(folder)) == ["ENCRYPTION_KEYS"]


def test_over_a_database_in_use_none_are_made_and_what_is_lost_is_said(
    folder: Path, begin: Callable[[], Command]
) -> None:
    run = begin()
    (folder / "secrets").unlink()
    for words in (["serve"], ["serve", "--no-worker"], ["worker"]):
        done = run(*words)
        assert done.exit_code == 2
        for said in (
            str(folder / "secrets"),
            "Put that file back",
            "new-secrets",
            "everybody signs in again",
        ):
            assert said in done.stderr
    assert run("user", "list").exit_code == 0
    assert not (folder / "secrets").exists()


def test_lost_ones_are_replaced_when_asked_for(folder: Path, begin: Callable[[], Command]) -> None:
    run = begin()
    assert "Nothing was changed" in run("new-secrets", "--yes").stderr
    (folder / "secrets").unlink()
    assert run("new-secrets", stdin="n\n").exit_code == 1
    assert not (folder / "secrets").exists()
    assert run("new-secrets", "--yes").exit_code == 0
    assert started_settings().secret_key.get_secret_value()


def test_a_database_without_data_gets_new_ones(folder: Path) -> None:
    started_settings()
    (folder / "secrets").unlink()
    assert started_settings().secret_key.get_secret_value()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"SECRET_KEY=\n", b"\n" * 100_000, b"x" * 1_000_000])
def test_a_file_of_nonsense_is_never_replaced(folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / "secrets").write_bytes(content)
    with pytest.raises(ConfigurationError):
        started_settings()
    assert (folder / "secrets").read_bytes() == content


def test_a_folder_that_cant_be_written_is_said(folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    with pytest.raises(ConfigurationError, match="can’t be written"):
        make_secrets(folder)


def test_with_postgresql_the_data_folder_is_that_of_its_setting() -> None:
    settings = read_settings({"DATABASE_URL": "postgresql://host/name", "DATA_DIR": "/srv/clinic"})
    assert str(settings.data_folder) == "/srv/clinic"
    assert str(read_settings({"DATABASE_URL": "sqlite:////srv/db/clinic.db"}).data_folder) == "/srv/db"
