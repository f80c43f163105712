"""Whatever people or programs send ends in a paper or in a sentence; the worker continues either way."""

import contextlib
import hashlib
import io
import itertools
import zlib
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Any, get_type_hints

import pikepdf
import pytest
from PIL import Image

from invoices.pages.fit import GUIDANCE_CAP, NAME_CAP, SESSIONS_CAP, TERM_CAP, fit
from invoices.pages.text import LONGEST_RUN, MARKS_PER_LETTER, clean
from invoices.papers import (
    Allowance,
    Block,
    Clinic,
    CourseSummary,
    Logo,
    Money,
    NextVisit,
    Paper,
    PaperRefused,
    Run,
    Section,
    stamps,
)
from invoices.press.render import pictures_of
from invoices.press.workers import PaperWorkers
from plugin.courses.handouts.text_check import example_summary
from tests.papers.real import KINDS, NAMES, sheet, summary
from tests.papers.real import paper as real_paper

MEGABYTE = 1_000_000
ODD_SIZE: Any = "a4; @import 'x'"
BOMBS = {
    "prose": "needle " * (MEGABYTE // 7),
    "unbroken word": "x" * MEGABYTE,
    "newlines": "a\n" * (MEGABYTE // 2),
    "zero-width spaces": ("y" * 20 + "\u200b") * (MEGABYTE // 21),
    "combining marks": "e" + "\u0301" * MEGABYTE,
    "marks that don't compose": "x" + "\u0334" * MEGABYTE,
    "direction controls": "\u202e\u2066" * (MEGABYTE // 2),
    "joiners": "\u0915\u200d" * (MEGABYTE // 2),
    "half characters": "\ud800" * MEGABYTE,
    "no characters": "\uffff\ufffe" * (MEGABYTE // 2),
    "control characters": "\x00\x07\x1b" * (MEGABYTE // 3),
    "markup": "<table>" * (MEGABYTE // 7),
}


CLINIC = Clinic(name="Juniper Street Acupuncture")
MANY = Allowance(
    treatment="x", granted=120, used=0, left=120, stamps=stamps(granted=120, used_on=(), left=120)
)


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_in_every_visit_and_as_a_name_ends_in_a_paper_or_a_sentence(
    workers: PaperWorkers, bomb: str
) -> None:
    paper = summary("summary-12-of-12")
    seen = tuple(replace(visit, practitioner=bomb, focus=bomb, treatment=bomb) for visit in paper.visits)
    paper = replace(paper, visits=seen)
    # A name may be refused where nothing of it can be seen; what is seen at visits never prevents a paper.
    assert _ends_well(workers, replace(paper, client_name=bomb, package_name=bomb), or_else=paper)


@pytest.mark.parametrize("name", KINDS)
def test_a_bomb_in_every_field_that_takes_one_ends_in_a_paper(workers: PaperWorkers, name: str) -> None:
    paper, bombs, taken = real_paper(name), itertools.cycle(BOMBS.values()), []
    for field in sorted(_text_fields(paper)):
        with contextlib.suppress(PaperRefused):
            paper = fit(_with_text(paper, field, next(bombs)))
            taken.append(field)
    assert len(taken) > 2
    assert workers.render(paper).startswith(b"%PDF")


def _text_fields(value: object) -> set[str]:
    """Return the fields of this and all within that contain text, not one of a few known values."""
    if isinstance(value, tuple):
        return set().union(*map(_text_fields, value))
    if not is_dataclass(value):
        return set()
    kinds = get_type_hints(type(value))
    own = {field.name for field in fields(value) if kinds[field.name] in (str, tuple[str, ...])}
    return own.union(*(_text_fields(getattr(value, field.name)) for field in fields(value)))


def _with_text(value: Any, name: str, text: str) -> Any:
    """Set the text in every field of that name, in this and all within."""
    if isinstance(value, tuple):
        return tuple(_with_text(item, name, text) for item in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    within = {field.name: _with_text(getattr(value, field.name), name, text) for field in fields(value)}
    if isinstance(within.get(name), str):
        within[name] = text
    elif name in within and get_type_hints(type(value))[name] == tuple[str, ...]:
        within[name] = (text,) * len(within[name])
    return replace(value, **within)


def test_a_bomb_as_guidance_is_refused() -> None:
    for bomb in BOMBS.values():
        section = Section("call_us", bomb, (Block("list", ((Run(bomb),),)),))
        with pytest.raises(PaperRefused, match="characters"):
            fit(replace(sheet(), text=replace(sheet().text, sections=(section,))))


def test_the_longest_guidance_without_a_space_ends_in_a_paper(workers: PaperWorkers) -> None:
    section = Section("call_us", "Call", (Block("list", ((Run("x" * (GUIDANCE_CAP - 4)),),)),))
    paper = replace(sheet(), text=replace(sheet().text, sections=(section,)))
    assert workers.render(paper).startswith(b"%PDF")


@pytest.mark.parametrize(
    "blocks",
    [
        (Block("list", ((Run(""),),) * 10_000),),
        (Block("paragraph", ((Run("x"),),)),) * 5_000,
        (Block("paragraph", ((Run("x"),) * 5_000,)),),
    ],
    ids=["lines", "paragraphs", "pieces"],
)
def test_guidance_in_thousands_of_small_parts_is_refused(
    workers: PaperWorkers, blocks: tuple[Block, ...]
) -> None:
    section = Section("call_us", "Call", blocks)
    with pytest.raises(PaperRefused, match="lines"):
        workers.render(replace(sheet(), text=replace(sheet().text, sections=(section,))))


def test_ten_thousand_visits_end_in_a_paper(workers: PaperWorkers) -> None:
    paper = summary("summary-12-of-12")
    assert workers.render(replace(paper, visits=paper.visits * 1000)).startswith(b"%PDF")


def test_ten_thousand_sessions_are_refused(workers: PaperWorkers) -> None:
    many = stamps(granted=10_000, used_on=(), left=10_000)
    allowance = Allowance(treatment="x", granted=10_000, used=0, left=10_000, stamps=many)
    with pytest.raises(PaperRefused, match=f"holds {SESSIONS_CAP} sessions"):
        workers.render(replace(summary(), allowances=(allowance,)))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"client_name": " \u200b\x00 "}, "the client’s name"),
        ({"clinic": replace(CLINIC, name="")}, "the clinic’s name"),
        ({"clinic": replace(CLINIC, time_zone="Mars/Base")}, "not a time zone"),
        ({"clinic": replace(CLINIC, time_zone="../../etc/passwd")}, "not a time zone"),
        ({"clinic": replace(CLINIC, page_size=ODD_SIZE)}, "size letter or a4"),
        ({"clinic": replace(CLINIC, address_lines=("x",) * 13)}, "address"),
        ({"terms": ("x",) * 13}, "terms"),
        ({"terms": ("x" * (TERM_CAP + 1),)}, "terms"),
        ({"allowances": (replace(MANY, stamps=()),) * 13}, "treatments"),
        ({"allowances": (MANY,) * 3}, "in all"),
        ({"sessions_left": 13}, "sessions left"),
        ({"sessions_left": -1}, "sessions left"),
        ({"earlier_visits": 10**5000}, "number from 0"),
        ({"paid": Money(10**14, "USD")}, "amount"),
        ({"paid": Money(1, "usd; x")}, "amount"),
        ({"balance_url": "javascript:alert(1)"}, "web address"),
        ({"balance_url": "https://" + "x" * 500}, "web address"),
        ({"balance_url": "file:///etc/passwd"}, "web address"),
        ({"next_visit": NextVisit(at=datetime(2026, 12, 1, 10, 30))}, "time zone"),  # noqa: DTZ001
    ],
)
def test_what_may_not_be_shortened_is_refused_with_a_sentence(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(PaperRefused, match=reason):
        fit(replace(summary(), **change))


def test_a_session_beyond_the_course_is_refused() -> None:
    with pytest.raises(PaperRefused, match="number of this session"):
        fit(replace(sheet(), session_number=13))


def test_exactly_what_fits_is_kept_whole() -> None:
    paper = replace(summary(), terms=("x " * (TERM_CAP // 2),) * 12, client_name="n" * LONGEST_RUN)
    fitted = fit(paper)
    assert isinstance(fitted, CourseSummary)
    assert len(fitted.terms) == 12
    assert fitted.client_name == paper.client_name


@pytest.mark.parametrize("name", NAMES)
def test_a_worker_fits_again_what_its_owner_has_fitted(name: str) -> None:
    fitted = fit(real_paper(name))
    assert fit(fitted) == fitted


def test_fitting_twice_changes_nothing() -> None:
    paper = replace(summary("summary-60-visits"), client_name="long" * 100, package_name="e" + "\u0301" * 50)
    assert fit(fit(paper)) == fit(paper)


@pytest.mark.parametrize(
    ("length", "is_cut"), [(NAME_CAP - 1, False), (NAME_CAP, False), (NAME_CAP + 1, True)]
)
def test_a_name_is_cut_only_beyond_its_cap(length: int, is_cut: bool) -> None:
    name = clean(("ab " * NAME_CAP)[:length].replace(" ", "-", 0), NAME_CAP)
    assert name.endswith("…") == is_cut
    assert len(name) <= NAME_CAP


def test_long_words_may_break_but_not_inside_a_letter() -> None:
    word = "e\u0334" * 40
    pieces = clean(word, 200).split("\u200b")
    assert "".join(pieces) == word
    assert all(not piece.startswith("\u0334") for piece in pieces)


def test_piled_up_marks_are_thinned_and_ordinary_ones_stay() -> None:
    assert clean("x" + "\u0334" * 50, 200) == "x" + "\u0334" * MARKS_PER_LETTER
    assert clean("Nguyễn Thị", 200) == "Nguyễn Thị"


def test_emoji_and_joined_scripts_stay_whole() -> None:
    for name in ("👩‍⚕️ Kim", "क्‍ष", "می‌خواهم"):
        assert clean(name, 200).strip("\u200f") == name


def test_names_in_any_script_end_in_a_paper(workers: PaperWorkers) -> None:
    names = (
        "山田 花子",
        "김민지",
        "สมชาย ใจดี",
        "प्रिया शर्मा",
        "محمد الأحمد",
        "דוד כהן",
        "Ægir Þórsson",
        "👩‍⚕️🌿",
    )
    paper = summary("summary-12-of-12")
    visits = [replace(visit, practitioner=name) for visit, name in zip(paper.visits, names, strict=False)]
    assert len(visits) == len(names)
    for name in ("محمد الأحمد", "👩‍⚕️🌿"):
        assert workers.render(replace(paper, client_name=name, visits=tuple(visits))).startswith(b"%PDF")


def test_markup_in_a_name_is_printed_as_letters(text_of: Callable[[Paper], str]) -> None:
    assert "<b>Ann</b> & {{ 7 }}" in text_of(replace(summary(), client_name="<b>Ann</b> & {{ 7 }}"))


def test_markup_in_a_name_fetches_and_embeds_nothing(draw: Callable[[Paper], bytes]) -> None:
    name = '<link rel=attachment href="file:///etc/hostname">'
    with pikepdf.open(io.BytesIO(draw(replace(summary(), client_name=name)))) as pdf:
        assert not pdf.attachments


def _png(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "#0F6B5C").save(out, "PNG")
    return out.getvalue()


def _huge_png() -> bytes:
    """A small file that claims 900 million pixels."""
    head = b"IHDR" + (30_000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d" + head + zlib.crc32(head).to_bytes(4, "big")


def _with_logo(png: bytes, width: int, height: int) -> tuple[Paper, dict[str, bytes]]:
    name = hashlib.sha256(png).hexdigest()
    clinic = replace(CLINIC, logo=Logo(name, width, height))
    return example_summary(clinic, language="en", currency="USD"), {name: png}


def test_the_clinics_logo_stands_on_the_paper(workers: PaperWorkers) -> None:
    with pikepdf.open(io.BytesIO(workers.render(*_with_logo(_png(60, 20), 60, 20)))) as pdf:
        (picture,) = pdf.pages[0].get_images().values()
        assert (int(picture.Width), int(picture.Height)) == (60, 20)


@pytest.mark.parametrize(
    ("logo", "reason"),
    [
        (_with_logo(_huge_png(), 30_000, 30_000), "pixels"),
        (_with_logo(_huge_png(), 60, 20), "not the picture"),
        (_with_logo(_png(60, 20), 20, 60), "not the picture"),
        (_with_logo(b"<svg/>", 60, 20), "not the picture"),
        (_with_logo(b"", 60, 20), "not the picture"),
        (_with_logo(_png(60, 20), 0, 20), "pixels"),
        (_with_logo(b"\0" * (2 * 1024 * 1024 + 1), 60, 20), "bytes"),
        ((_with_logo(_png(60, 20), 60, 20)[0], {}), "not handed over"),
        (
            (
                _with_logo(_png(60, 20), 60, 20)[0],
                dict.fromkeys([hashlib.sha256(_png(60, 20)).hexdigest()], b"x"),
            ),
            "not the",
        ),
    ],
    ids=["huge", "huge and lying", "turned", "no PNG", "empty", "no width", "heavy", "missing", "another"],
)
def test_a_logo_that_is_not_what_the_paper_says_is_refused(
    logo: tuple[Paper, dict[str, bytes]], reason: str
) -> None:
    paper, pictures = logo
    with pytest.raises(PaperRefused, match=reason):
        pictures_of(paper, pictures)


def _ends_well(workers: PaperWorkers, paper: Paper, *, or_else: Paper) -> bool:
    try:
        return workers.render(paper).startswith(b"%PDF")
    except PaperRefused as refusal:
        return str(refusal).endswith(".") and workers.render(or_else).startswith(b"%PDF")
