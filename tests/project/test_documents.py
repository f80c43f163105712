"""README, docs and CHANGELOG match the program: an undocumented setting, command or target fails here."""

import re
from collections.abc import Iterator

import click
import pytest

from plugin.version import VERSION
from tests.project.tree import ROOT


def _missing(names: list[str], text: str) -> list[str]:
    return [name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)]


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def manual() -> str:
    return (ROOT / "docs" / "operate.md").read_text()


def _commands(group: click.Group, before: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if command.hidden:
            continue
        if isinstance(command, click.Group):
            yield from _commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}"


def test_the_manual_explains_every_setting(manual):
    from plugin.settings import Settings

    assert _missing([name.upper() for name in Settings.model_fields], manual) == []


def test_the_manual_names_every_command(manual):
    from plugin.cli import main

    assert _missing(list(_commands(main)), manual) == []


def test_the_readme_names_every_make_target(readme):
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert {"demo", "test", "setup"} <= set(targets)
    assert _missing([f"make {target}" for target in targets], readme) == []


def test_the_readme_fits_on_two_screens_and_shows_pictures_that_are_there(readme):
    pictures = re.findall(r'(?:src|srcset)="([^"]+)"', readme)

    assert len(readme.splitlines()) < 200
    assert len(pictures) >= 3
    assert [name for name in pictures if not (ROOT / name).is_file()] == []


def test_every_link_between_documents_leads_somewhere():
    documents = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
    documents += sorted((ROOT / "docs").rglob("*.md"))
    broken = [
        f"{path.relative_to(ROOT)}: {link}"
        for path in documents
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())
        if not (path.parent / link).exists()
    ]

    assert broken == []


def test_the_changelog_tells_of_this_version():
    assert f"\n## [{VERSION}]" in (ROOT / "CHANGELOG.md").read_text()


def test_a_missing_word_is_noticed_even_when_a_longer_one_is_there():
    assert _missing(["MAIL_URL", "user"], "MAIL_URL_FILE and user-agent") == ["MAIL_URL", "user"]
