"""The project works from any folder and any package index, so its files name none."""

import re
from pathlib import Path

import pytest

from tests.project.tree import ROOT, files_below

_MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:root|work|home/\w+|Users/\w+|tmp)/[\w.]")
_INDEX = re.compile(
    r"\b(?:(?:test\.)?pypi\.org|files\.pythonhosted\.org|registry\.npmjs|npmjs\.(?:com|org)|registry\.yarnpkg"
    r"|(?:static\.|index\.)?crates\.io|proxy\.golang\.org|repo1?\.maven|deb\.debian\.org|archive\.ubuntu\.com)"
)


def strangers_in(text: str) -> list[str]:
    return [found[0] for pattern in (_MACHINE_PATH, _INDEX) for found in pattern.finditer(text)]


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_no_file_names_a_path_of_one_machine_or_a_package_index():
    found = {str(path.relative_to(ROOT)): strangers_in(_text_of(path)) for path in files_below()}

    assert {name: strangers for name, strangers in found.items() if strangers} == {}


@pytest.mark.parametrize(
    "planted",
    [
        "see {slash}root/.cache",
        "open('{slash}home/anna/clinic.db')",
        "in {slash}tmp/clone",
        "--index-url https://{pypi}/simple",
        "https://registry.{npm}.org/htmx",
    ],
)
def test_a_planted_one_is_found(planted):
    assert strangers_in(planted.format(slash="/", pypi="pypi" + ".org", npm="npm" + "js"))


@pytest.mark.parametrize(
    "harmless", ["/courses/tmp", "GET /api/v1/work/", "var/coursekeeper.db", "/workshop/x"]
)
def test_addresses_and_relative_paths_are_let_through(harmless):
    assert strangers_in(harmless) == []
