"""Papers bound into one PDF: as each was, in order, with what a screen reader needs of each."""

import io

import pikepdf
import pytest

from invoices.press.merged_pdf import MergedPdf
from tests.papers.real import pdf

ORDER = ("summary", "aftercare-facial-spanish", "summary")


@pytest.fixture
def bound() -> bytes:
    return bind(*map(pdf, ORDER))


def bind(*papers: bytes) -> bytes:
    out = io.BytesIO()
    merged = MergedPdf("Papers, 2026-11-23", "en")
    for number, paper in enumerate(papers, 1):
        merged.add(paper, f"Paper {number}")
    merged.write(out)
    return out.getvalue()


def test_the_pages_stand_in_order_as_they_were(bound: bytes) -> None:
    drawn = [pikepdf.open(io.BytesIO(pdf(each))) for each in ORDER]
    with pikepdf.open(io.BytesIO(bound)) as whole:
        pages = [page.Contents.read_bytes() for page in whole.pages]
        assert pages == [page.Contents.read_bytes() for each in drawn for page in each.pages]
        assert str(whole.docinfo["/Title"]) == "Papers, 2026-11-23"
        with whole.open_metadata() as told:
            assert told["dc:title"] == "Papers, 2026-11-23"
            assert told["pdfuaid:part"] == "1"
        with whole.open_outline() as outline:
            assert [str(each.title) for each in outline.root] == ["Paper 1", "Paper 2", "Paper 3"]


def test_each_paper_keeps_its_structure_and_language(bound: bytes) -> None:
    with pikepdf.open(io.BytesIO(bound)) as whole:
        root = whole.Root.StructTreeRoot
        assert whole.Root.MarkInfo.Marked
        assert [str(each.Lang)[:2] for each in root.K] == ["en", "es", "en"]
        starts = [page.obj.objgen for page in whole.pages]
        assert [first_page(each) in starts for each in root.K] == [True] * 3
        assert len({first_page(each) for each in root.K}) == 3
        assert all(each.P.objgen == root.objgen for each in root.K)


def test_what_is_marked_on_a_page_leads_to_its_own_place_in_the_structure(bound: bytes) -> None:
    with pikepdf.open(io.BytesIO(bound)) as whole:
        numbered = list(whole.Root.StructTreeRoot.ParentTree.Nums)
        numbers = [int(each) for each in numbered[::2]]
        assert numbers == sorted(set(numbers))
        parents = dict(zip(numbers, numbered[1::2], strict=True))
        for page in whole.pages:
            marked = parents.pop(int(page.StructParents))
            assert {each.Pg.objgen for each in marked if "/Pg" in each} == {page.obj.objgen}
            for link in page.get("/Annots", ()):
                assert parents.pop(int(link.StructParent)).S == "/Link"
        assert not parents


def test_the_same_papers_give_the_same_bytes(bound: bytes) -> None:
    assert bind(*map(pdf, ORDER)) == bound


def test_a_paper_without_structure_is_bound_all_the_same() -> None:
    plain = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(plain)
    with pikepdf.open(io.BytesIO(bind(plain.getvalue()))) as pdf:
        assert len(pdf.pages) == 1


def first_page(element: pikepdf.Object) -> tuple[int, int]:
    while "/Pg" not in element:
        element = element.K[0]
    return element.Pg.objgen
