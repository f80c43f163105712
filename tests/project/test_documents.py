"""README, docs and CHANGELOG match the program: an undocumented setting, command or target fails here."""

import re
import shlex
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


# In a block of shell lines, or alone between backticks; what follows a pipe is another program's.
_TYPED = re.compile(r"(?:^|[`/( ])coursekeeper ((?!coursekeeper )[a-z][^`|)\n]*)", re.MULTILINE)
_BLOCKS = re.compile(r"^```sh\n(.*?)^```|(`coursekeeper [^`]+`)", re.MULTILINE | re.DOTALL)


def _typed_commands(text: str) -> list[str]:
    pieces = ("".join(found.groups("")) for found in _BLOCKS.finditer(text))
    return [command.strip() for piece in pieces for command in _TYPED.findall(piece)]


def _refusal(typed: str) -> str:
    """Return why click does not take this command as it is typed, "" where it does. Nothing is run."""
    from plugin.cli import main

    command: click.Command = main
    context, words = click.Context(main), shlex.split(typed, comments=True)
    try:
        while isinstance(command, click.Group):
            _name, found, words = command.resolve_command(context, words)
            assert found is not None
            command = found
        command.make_context(typed, words, parent=context)
    except click.UsageError as error:
        # The files of the examples are on nobody's machine.
        said = error.format_message()
        return "" if "does not exist" in said else f"{typed}: {said}"
    return ""


@pytest.mark.parametrize(("name", "fewest"), [("operate", 20), ("install", 4)])
def test_every_command_in_the_documents_is_taken_as_it_stands_there(name, fewest):
    typed = _typed_commands((ROOT / "docs" / f"{name}.md").read_text())

    assert len(typed) >= fewest
    assert [refusal for each in typed if (refusal := _refusal(each))] == []


def test_a_command_that_is_not_taken_is_noticed():
    text = "```sh\nsudo coursekeeper user reset-link  # whose?\n```\n`coursekeeper backups` `coursekeeper serve --prt`"
    typed = _typed_commands(text)

    assert len(typed) == 3
    assert all(_refusal(each) for each in typed)
    assert _refusal("db grants coursekeeper_app") == ""


def test_the_readme_names_every_make_target(readme):
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert {"demo", "test", "setup"} <= set(targets)
    assert _missing([f"make {target}" for target in targets], readme) == []


def test_the_readme_fits_on_two_screens_and_shows_pictures_that_are_there(readme):
    pictures = re.findall(r'(?:src|srcset)="([^"]+)"', readme)

    assert len(readme.splitlines()) < 200
    assert len(pictures) >= 3
    assert [name for name in pictures if not (ROOT / name).is_file()] == []


def test_every_test_that_a_document_names_is_there():
    named = {
        name
        for path in (ROOT / "docs").rglob("*.md")
        for name in re.findall(r"`(tests/[\w/]+\.py(?:::\w+)+)`", path.read_text())
    }
    assert len(named) > 50
    assert sorted(name for name in named if not _is_test(*name.split("::"))) == []


def _is_test(path: str, *names: str) -> bool:
    file = ROOT / path
    text = file.read_text() if file.is_file() else ""
    *classes, test = names
    inside = bool(classes)
    return all(re.search(rf"^class {each}\b", text, re.MULTILINE) for each in classes) and bool(
        re.search(rf"^{'    ' if inside else ''}def {test}\(", text, re.MULTILINE)
    )


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
