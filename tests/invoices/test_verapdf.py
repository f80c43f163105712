"""Papers keep the standards they claim, as veraPDF judges: some of them here, all of them in `make check-papers`."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pytest
from weasyprint import HTML  # type: ignore[import-untyped]

from invoices.papers import PaperFailed
from invoices.press.binding import Binding
from invoices.press.render import render
from invoices.press.verapdf import (
    ACCESSIBLE,
    ARCHIVABLE,
    VERSION,
    fetch,
    findings,
    lacking,
    main,
    standards_of,
)
from invoices.samples import samples
from tests.machine import missing

SAMPLES = samples()
CHECKED = ("summary-long-names", "aftercare-chinese", "invoice-electronic", "credit-note")
CACHE = Path(__file__).parents[2] / ".venv" / "verapdf"


def _bound(pdfs: Mapping[str, bytes]) -> bytes:
    binding, out = Binding("Papers", "en"), BytesIO()
    for name, pdf in pdfs.items():
        binding.add(pdf, name)
    binding.write(out)
    return out.getvalue()


def test_papers_keep_what_they_claim_and_a_broken_one_is_noticed() -> None:
    if reason := lacking():
        missing(reason)
    claimed = {(name, standard) for name in CHECKED for standard in standards_of(SAMPLES[name])}
    pdfs = {name: render(SAMPLES[name]) for name in CHECKED}
    pdfs["bound"] = _bound(pdfs)
    broken = (
        '<html lang="en"><svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg></html>'
    )
    pdfs["broken"] = HTML(string=broken).write_pdf(pdf_variant="pdf/ua-1")
    found = findings(fetch(CACHE), pdfs)
    assert {(each.paper, each.standard) for each in found if not each.broken} == {
        *claimed,
        ("bound", ACCESSIBLE),
    }
    (judged,) = (each for each in found if each.broken)
    assert (judged.paper, judged.standard) == ("broken", ACCESSIBLE)
    assert any("Figure" in rule for rule in judged.broken)


def test_invoices_and_credit_notes_are_for_the_archive_too() -> None:
    assert (
        standards_of(SAMPLES["invoice"]) == standards_of(SAMPLES["credit-note"]) == (ACCESSIBLE, ARCHIVABLE)
    )
    assert standards_of(SAMPLES["summary-5-of-12"]) == (ACCESSIBLE,)


@pytest.mark.parametrize(("ci", "ends"), [("", 0), ("true", 1)])
def test_without_java_and_maven_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, ci: str, ends: int
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CI", ci)
    assert main([str(tmp_path)]) == ends
    said = capsys.readouterr().err
    assert "Java (default-jre-headless) and Maven (maven)" in said
    assert list(tmp_path.iterdir()) == []


def test_another_program_in_its_place_is_not_started(tmp_path: Path) -> None:
    (tmp_path / f"greenfield-apps-{VERSION}.jar").write_bytes(b"something else")
    with pytest.raises(PaperFailed, match="not the veraPDF it should be"):
        fetch(tmp_path)
