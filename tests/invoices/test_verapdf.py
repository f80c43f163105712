"""Papers meet the standards they claim, as veraPDF judges: some of them here, all of them in `make check-papers`."""

from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from weasyprint import HTML

from invoices.papers import PaperFailed
from invoices.press.merged_pdf import MergedPdf
from tests.papers.real import paper, pdf
from tests.papers.verapdf import (
    ACCESSIBLE,
    ARCHIVABLE,
    VERSION,
    Verdict,
    check,
    fetch,
    judge,
    lacking,
    main,
    report,
    standards_of,
)
from tests.prerequisites import missing

CHECKED = (
    "summary-long-names",
    "summary-scripts",
    "summary-part-paid",
    "aftercare-facial-chinese",
    "invoice-electronic",
    "credit-note",
    "statement",
    "receipt",
)
CACHE = Path(__file__).parents[2] / ".venv" / "verapdf"


def _bound(pdfs: Mapping[str, bytes]) -> bytes:
    merged, out = MergedPdf("Papers", "en"), BytesIO()
    for name, file in pdfs.items():
        merged.add(file, name)
    merged.write(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def program() -> Path:
    if reason := lacking():
        missing(reason)
    return fetch(CACHE)


def test_papers_keep_what_they_claim_and_a_broken_one_is_noticed(program: Path) -> None:
    pdfs = {name: pdf(name) for name in CHECKED}
    pdfs["bound"] = _bound(pdfs)
    broken = (
        '<html lang="en"><svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg></html>'
    )
    pdfs["broken"] = HTML(string=broken).write_pdf(pdf_variant="pdf/ua-1")
    found = judge(program, pdfs)
    sound = {name: dict.fromkeys(standards_of(paper(name)), ()) for name in CHECKED}
    sound["bound"] = {ACCESSIBLE: ()}
    assert {name: verdict.broken for name, verdict in found.items() if name != "broken"} == sound
    assert list(found["broken"].broken) == [ACCESSIBLE]
    assert any("Figure" in rule for rule in found["broken"].broken[ACCESSIBLE])


def test_a_paper_cut_off_halfway_is_reported_and_the_others_are_judged(program: Path) -> None:
    """A2."""
    whole = pdf("credit-note")
    pdfs = {"cut-off": whole[: len(whole) // 2], "empty": b"", "locked": _locked(whole), "whole": whole}
    found = judge(program, pdfs)
    assert [name for name, verdict in found.items() if verdict.not_judged] == ["cut-off", "empty", "locked"]
    assert "veraPDF could not read it" in found["cut-off"].not_judged
    assert "encrypted" in found["locked"].not_judged
    assert found["whole"] == Verdict({ACCESSIBLE: (), ARCHIVABLE: ()})


def _locked(pdf: bytes) -> bytes:
    out = BytesIO()
    with pikepdf.open(BytesIO(pdf)) as opened:
        opened.save(out, encryption=pikepdf.Encryption(owner="owner", user="user"))
    return out.getvalue()


def test_invoices_and_credit_notes_are_for_the_archive_too() -> None:
    for name in ("invoice", "credit-note"):
        assert standards_of(paper(name)) == (ACCESSIBLE, ARCHIVABLE)
    assert standards_of(paper("summary")) == (ACCESSIBLE,)
    assert standards_of(paper("invoice-large")) == (ACCESSIBLE,)


def test_a_paper_with_a_logo_and_one_for_a_window_are_judged_as_well() -> None:
    names = ("summary-logo", "voucher-letter-window", "invoice-large")
    given = check(
        {name: paper(name) for name in names}, lambda pdfs: {n: Verdict({ACCESSIBLE: ()}) for n in pdfs}
    )
    assert [verdict.not_judged for verdict in given.values()] == [""] * 3


@pytest.mark.parametrize("ci", ["", "true"])
def test_without_java_and_maven_it_says_what_to_install_and_that_it_could_not_judge(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, ci: str
) -> None:
    """A2."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CI", ci)
    assert main([str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "Java (default-jre-headless) and Maven (maven)" in said
    assert "No paper was judged." in said
    assert list(tmp_path.iterdir()) == []


def test_a_verapdf_that_can_not_be_had_or_does_not_work_is_one_sentence_and_no_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A2: Java and Maven are there, and neither works."""
    for name in ("java", "mvn"):
        (tmp_path / name).write_text("#!/bin/sh\necho out of order >&2\nexit 3\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main([str(tmp_path / "cache")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("mvn ended with 3: out of order")
    assert said.endswith("No paper was judged.\n")
    with pytest.raises(PaperFailed, match="java ended with 3: out of order"):
        judge(tmp_path / "any.jar", {})


def test_the_set_up_fetches_it_where_java_is_and_says_when_that_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A1: with it fetched, no test needs the network."""
    cache = tmp_path / "cache"
    monkeypatch.setenv("PATH", "")
    assert main(["--fetch", str(cache)]) == 0
    assert not cache.exists()
    for name in ("java", "mvn"):
        (tmp_path / name).write_text("#!/bin/sh\necho out of order >&2\nexit 3\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["--fetch", str(cache)]) == 2
    assert capsys.readouterr().err == "mvn ended with 3: out of order\n"


SOUND = Verdict({ACCESSIBLE: ()})
BROKEN = Verdict({ACCESSIBLE: ("7.1-5 (1 times): A figure says nothing.",)})
UNREADABLE = Verdict(not_judged="veraPDF could not read it.")


@pytest.mark.parametrize(
    ("verdicts", "ends"),
    [
        ([SOUND, SOUND], 0),
        ([SOUND, BROKEN], 1),
        ([SOUND, UNREADABLE], 2),
        ([BROKEN, UNREADABLE], 2),
        ([], 2),
    ],
)
def test_only_all_papers_judged_and_sound_ends_with_0(verdicts: list[Verdict], ends: int) -> None:
    """A2."""
    assert report({str(number): verdict for number, verdict in enumerate(verdicts)}) == ends


def test_each_paper_is_reported_on_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    report({"sound": SOUND, "broken": BROKEN, "cut": UNREADABLE})
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "sound   PDF/UA-1 yes",
        "broken  PDF/UA-1 no",
        "        7.1-5 (1 times): A figure says nothing.",
        "cut     not judged",
        "        veraPDF could not read it.",
        f"2 of 3 papers held against veraPDF {VERSION}: 1 break a rule.",
    ]
    assert said.err == "1 could not be judged.\n"


def test_a_paper_that_can_not_be_drawn_does_not_keep_the_others_from_the_judge() -> None:
    """A2."""
    sound = paper("summary")
    undrawable = replace(sound, clinic=replace(sound.clinic, time_zone="nowhere"))
    asked: list[str] = []

    def judging(pdfs: Mapping[str, bytes]) -> dict[str, Verdict]:
        asked.extend(pdfs)
        return dict.fromkeys(pdfs, SOUND)

    found = check({"undrawable": undrawable, "sound": sound}, judging)
    assert asked == ["sound"]
    assert found["undrawable"].not_judged.startswith("It could not be drawn. ")
    assert found["sound"] == SOUND


def test_a_paper_that_does_not_claim_its_standard_breaks_it() -> None:
    found = check({"invoice": paper("invoice")}, lambda pdfs: dict.fromkeys(pdfs, SOUND))
    assert found["invoice"].broken == {ACCESSIBLE: (), ARCHIVABLE: ("It does not say that it is PDF/A-3A.",)}


def test_another_program_in_its_place_is_not_started(tmp_path: Path) -> None:
    (tmp_path / f"greenfield-apps-{VERSION}.jar").write_bytes(b"something else")
    with pytest.raises(PaperFailed, match="not the veraPDF it should be"):
        fetch(tmp_path)
