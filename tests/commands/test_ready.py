"""What `serve` loads before it forks: not looked through for garbage, which the processes would wait for."""

import subprocess
import sys
from pathlib import Path

from plugin.store.creation import upgrade
from tests.servers import environment_of

_SCRIPT = """
import gc
gc.disable()
from plugin.serving import make_ready
from plugin.start import started_settings
before = sum(each["collections"] for each in gc.get_stats())
make_ready(started_settings(), host="127.0.0.1", port=8000, with_worker=True)
after = sum(each["collections"] for each in gc.get_stats())
print(after - before, gc.isenabled(), gc.get_freeze_count() > 100_000)
"""


def test_what_was_loaded_is_not_searched_for_garbage(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'clinic.db'}"
    upgrade(url)
    ran = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        env=environment_of(url, port=8000),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split()[-3:] == ["0", "True", "True"], ran.stderr[-400:]
