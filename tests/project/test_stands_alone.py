"""A clone in an empty folder has all that is read here, and no test is left out for want of anything else (A1)."""

from pathlib import Path

import pytest

from tests.prerequisites import missing
from tests.project.outside import paths_out, skips_in
from tests.project.tree import ROOT, files_below

UP = ".."


def test_nothing_here_leads_above_the_root():
    assert list(paths_out(ROOT)) == []


@pytest.mark.parametrize(
    ("name", "planted"),
    [
        ("tests/practice_square/a.py", 'DOCUMENT = Path(__file__).resolve().parents[3] / "next" / "a.json"'),
        ("tests/a.py", "here = Path(__file__).parent.parent.parent"),
        ("tests/a.py", f'text = (Path(__file__).parent / "{UP}" / "{UP}" / "a.txt").read_text()'),
        ("tests/a.py", "import os\nroot = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))"),
        ("tests/a.py", "import os\nroot = os.path.join(os.path.dirname(__file__), os.pardir, os.pardir)"),
        ("plugin/a.py", f'text = open("{UP}/a.txt").read()'),
        ("plugin/a.py", 'text = Path("/srv/clinic/a.txt").read_text()'),
        ("plugin/a.py", 'number = 7\ntext = Path(f"/data/{number}.txt").read_text()'),
        ("plugin/a.py", "above = Path(__file__).parents[-1]"),
        ("plugin/a.py", "found = [each for each in Path(__file__).parents if each.exists()]"),
        ("plugin/a.py", "beside = Path.cwd().parent"),
        ("plugin/a.py", 'cache = Path.home() / ".cache"'),
        ("tests/project/b.py", "from tests.tree import ROOT\nbeside = ROOT.parent"),
        ("Makefile", f"check:\n\tcp {UP}/next/a.json ."),
        (".ci/run", f'cd "$(dirname "$0")/{UP}/{UP}"'),
        ("templates/desk/a.html", f"{{% include '{UP}/{UP}/{UP}/a.html' %}}"),
        ("docs/a.md", "see [the document](" + "contract" + "/api.json)"),
        ("README.md", "what " + "shared" + "/notes.md says"),
    ],
)
def test_a_planted_path_to_outside_is_found(tmp_path: Path, name: str, planted: str):
    _plant(
        tmp_path, "tests/tree.py", "from pathlib import Path\n\nROOT = Path(__file__).resolve().parents[1]\n"
    )
    _plant(tmp_path, name, planted)

    found = list(paths_out(tmp_path))

    assert found
    assert all(each.startswith(f"{name}:") for each in found)


def test_a_link_to_outside_is_found(tmp_path: Path):
    root, outside = tmp_path / "clone", tmp_path / "outside.txt"
    root.mkdir()
    outside.touch()
    (root / "inside.txt").symlink_to(outside)

    assert list(paths_out(root)) == ["inside.txt: a link to outside"]


@pytest.mark.parametrize(
    ("name", "harmless"),
    [
        (
            "tests/practice_square/a.py",
            'ROOT = Path(__file__).resolve().parents[2]\nfile = ROOT / "docs" / "a.md"',
        ),
        ("plugin/web/a.py", 'places = (Path(__file__).parents[1] / "templates", Path(__file__).parents[2])'),
        ("tests/a.py", 'memory = Path("/proc/self/statm").exists()'),
        ("tests/a.py", "def keep(path):\n    path.parent.mkdir(parents=True)"),
        ("tests/web/a.py", f'hostile = ["{UP}/{UP}/etc/passwd", "...", "a..b"]'),
        ("docs/a.md", f"[README]({UP}/README.md), 1..3, and so on ..."),
        (".ci/run", f'cd "$(dirname "$0")/{UP}"'),
    ],
)
def test_paths_within_and_parts_of_the_operating_system_are_let_through(
    tmp_path: Path, name: str, harmless: str
):
    _plant(tmp_path, name, harmless)

    assert list(paths_out(tmp_path)) == []


def test_a_test_is_left_out_only_by_the_one_function_that_never_does_so_under_ci():
    allowed = {ROOT / "tests" / "prerequisites.py", ROOT / "tests" / "project" / "outside.py", Path(__file__)}
    leaving_out = {
        str(path.relative_to(ROOT)): skips_in(path.read_text())
        for path in files_below(ROOT / "tests")
        if path.suffix == ".py" and path not in allowed
    }

    assert {name: found for name, found in leaving_out.items() if found} == {}


@pytest.mark.parametrize(
    "planted",
    ["@pytest.mark.skipif(not FILE.exists())", "pytest.importorskip('yaml')", "pytest.skip('no Java')"],
)
def test_a_planted_skip_is_found(planted: str):
    assert skips_in(planted)


def test_a_missing_part_of_the_machine_fails_where_changes_are_decided_on():
    with pytest.raises(pytest.fail.Exception, match="no browser"):
        missing("There is no browser.", {"CI": "true"})
    with pytest.raises(pytest.skip.Exception, match="no browser"):
        missing("There is no browser.", {})


def _plant(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)
