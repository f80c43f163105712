"""The built wheel, alone in an environment of its own, does the work from any folder."""

import re
import site
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.project.conftest import Archives
from tests.project.tree import ROOT
from tests.servers import fetch, free_port, running


@pytest.fixture(scope="module")
def programs(archives: Archives, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment with the wheel in it; its dependencies are those of this one."""
    folder = tmp_path_factory.mktemp("installed") / "env"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*install, "--no-deps", "--no-index", str(archives.wheel)], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    # A path in a .pth file is searched last and its own .pth files are not read: the checkout stays out of sight.
    (packages / "lent.pth").write_text("\n".join(site.getsitepackages()))
    return folder / "bin"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(scope="module")
def environment(programs: Path, elsewhere: Path) -> dict[str, Any]:
    return {
        "PATH": f"{programs}:/usr/bin:/bin",
        "HOME": str(elsewhere),
        "DATABASE_URL": f"sqlite:///{elsewhere / 'coursekeeper.db'}",
        "SECRET_KEY": "wheel-" * 8,
        "SQUARE_ENVIRONMENT": "practice",
        "SQUARE_BASE_URL": "http://127.0.0.1:9",
        "SQUARE_ACCESS_TOKEN": "wheel",
        "SQUARE_WEBHOOK_SIGNATURE_KEY": "wheel",
    }


@pytest.fixture(scope="module")
def address(programs: Path, elsewhere: Path, environment: dict[str, Any]) -> Iterator[str]:
    _say(programs, "db", "upgrade", folder=elsewhere, environment=environment)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    command: list[str | Path] = [programs / "coursekeeper", "serve", "--port", str(port)]
    with running(command, f"{base}/healthz", environment=environment, folder=elsewhere):
        yield base


@pytest.fixture(scope="module")
def token(address: str, programs: Path, elsewhere: Path, environment: dict[str, Any]) -> str:
    said = _say(programs, "token", "add", "till", "--role", "desk", folder=elsewhere, environment=environment)
    return said.splitlines()[-1]


def _say(programs: Path, *words: str, folder: Path, environment: Mapping[str, str]) -> str:
    said = subprocess.run(
        [programs / "coursekeeper", *words], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr
    return said.stdout


def _sell_a_course_and_use_a_session(url: str, order: str) -> str:
    from plugin.core.acts import SQUARE, Act
    from plugin.courses.catalog.packages import list_variation
    from plugin.courses.clients.contacts import Buyer
    from plugin.courses.sales.book import book
    from plugin.courses.sales.sales import Sale, SaleLine
    from plugin.courses.visits.use import UseSession, use_session
    from plugin.store import Store
    from practice_square.demo.packages import default_catalog

    now = datetime.now(UTC)
    with Store(url) as store:
        package = default_catalog(store, Act(SQUARE, now, "catalogue"))[-1]
        listed: Any = {"square_variation_id": "VARIATION", "square_item_id": None, "square_version": None}
        list_variation(store, Act(SQUARE, now, "listing"), package.id, **listed)
        line = SaleLine("line", "VARIATION", package.name, 1, "1", package.price)
        buyer = Buyer("CUSTOMER", "Anna Berg")
        sale = Sale(order, "LOCATION", now, package.price, (line,), buyer)
        (course,) = book(store, Act(SQUARE, now, order), sale).opened
        use_session(store, Act(SQUARE, now, f"{order}-visit"), UseSession(course))
    return course


def test_the_installed_program_is_the_wheel_and_not_the_checkout(programs, elsewhere, environment):
    where = "import plugin, invoices; print(plugin.__file__, invoices.__file__)"
    said = subprocess.run(
        [programs / "python", "-c", where], cwd=elsewhere, env=environment, capture_output=True, text=True
    )

    assert len(said.stdout.split()) == 2, said.stderr
    assert str(ROOT / "plugin") not in said.stdout
    assert all(path.startswith(str(programs.parent)) for path in said.stdout.split())


def test_it_is_alive(address):
    assert fetch(f"{address}/healthz")[0] == 200


def test_it_shows_the_sign_in_page_with_its_style_and_scripts(address):
    status, _, body = fetch(f"{address}/sign-in")
    page = body.decode()
    styles = re.findall(r'<link[^>]+rel="stylesheet"[^>]*href="([^"]+)"', page)
    scripts = re.findall(r'<script[^>]+src="([^"]+)"', page)

    assert status == 200
    assert styles
    assert [fetch(f"{address}{style}")[:2] for style in styles] == [(200, "text/css")] * len(styles)
    assert [fetch(f"{address}{script}")[0] for script in scripts] == [200] * len(scripts)


@pytest.mark.parametrize("paper", ["summary", "aftercare"])
def test_it_prints_a_paper_through_the_interface(paper, address, token, environment):
    course = _sell_a_course_and_use_a_session(environment["DATABASE_URL"], order=paper)

    status, kind, body = fetch(f"{address}/api/v1/courses/{course}/{paper}.pdf", token=token)

    assert (status, kind) == (200, "application/pdf"), body[:500]
    assert body.startswith(b"%PDF-")
    assert len(body) > 5_000
