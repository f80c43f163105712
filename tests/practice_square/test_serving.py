"""Starting and stopping: the command line, secrets from the environment, a file that stays."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from practice_square.__main__ import main
from practice_square.serving import PracticeServer, running_practice


def test_it_needs_its_secrets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--file", str(tmp_path / "p.db")], {}) == 2
    assert "set PRACTICE_SIGNATURE_KEY" in capsys.readouterr().err


def test_a_file_of_another_location_is_refused_in_words(
    serve: Callable[..., PracticeServer], tmp_path: Path
) -> None:
    serve()
    with (
        pytest.raises(ValueError, match="belongs to location LPRACTICE0001"),
        running_practice(tmp_path, location_id="LOTHER"),
    ):
        pass


def test_a_second_start_keeps_what_was(serve: Callable[..., PracticeServer], tmp_path: Path) -> None:
    first = serve()
    order = first.control.sell([{"name": "A", "amount": 500}])["order"]
    second = serve()
    headers = {"Authorization": f"Bearer {second.access_token}"}
    told = httpx.get(f"{second.base_url}/v2/orders/{order['id']}", headers=headers)
    assert told.json()["order"]["id"] == order["id"]
    assert len(httpx.get(f"{second.base_url}/v2/customers", headers=headers).json()["customers"]) == 12


@pytest.mark.parametrize(("seed", "clients", "items"), [("clinic", 12, 6), ("items", 0, 6), ("empty", 0, 0)])
def test_the_seed_says_what_a_new_file_holds(
    serve: Callable[..., PracticeServer], seed: str, clients: int, items: int
) -> None:
    practice = serve(seed=seed)
    headers = {"Authorization": f"Bearer {practice.access_token}"}
    found = httpx.get(f"{practice.base_url}/v2/customers", headers=headers).json()
    on_sale = httpx.get(f"{practice.base_url}/v2/catalog/list?types=ITEM", headers=headers).json()
    assert (len(found.get("customers", [])), len(on_sale.get("objects", []))) == (clients, items)


def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("signature\n")
    environment = os.environ | {
        "PRACTICE_ACCESS_TOKEN": "secret-token",
        "PRACTICE_SIGNATURE_KEY_FILE": str(tmp_path / "key"),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [
        sys.executable,
        "-m",
        "practice_square",
        "--port",
        "0",
        "--file",
        str(tmp_path / "var" / "p.db"),
    ]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().removeprefix("Practice register: ").strip()
        told = httpx.get(f"{address}/v2/locations/main", headers={"Authorization": "Bearer secret-token"})
        assert told.json()["location"]["timezone"] == "America/Los_Angeles"
        assert httpx.get(address + "/").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.communicate()


def test_secrets_do_not_show_in_the_settings(practice: PracticeServer) -> None:
    told = repr(practice.settings)
    assert practice.access_token not in told
    assert practice.signature_key not in told
