"""Texts and papers in every language: the same meaning part by part, nothing promised, one page."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.resources import files
from typing import cast

import pytest

from invoices.aftercare import (
    GENERAL,
    read_text,
    sources,
    starting_markdown,
    starting_slugs,
    starting_text,
)
from invoices.language import LANGUAGES, language_for
from invoices.pages.sheet import OF_WELCOME
from invoices.pages.summary import summary_page
from invoices.papers import AftercareText, CourseSummary, PageSize, Paper
from tests.invoices.test_words import forms, ids, messages
from tests.papers.real import NAMES, paper

Text = Callable[[Paper], str]
Pages = Callable[[Paper], int]

SLUGS = [*starting_slugs(), GENERAL]
OTHERS = [tag for tag in LANGUAGES if tag != "en"]
every_text = pytest.mark.parametrize(("tag", "slug"), [(tag, slug) for tag in OTHERS for slug in SLUGS])

# No result is promised: not in a text, not in a phrase.
PROMISES = {
    "en": "younger|lifted|lifting|collagen|guarantee|will improve|wrinkle|you will see|radian|glow|cure|heal|result",
    "es": "rejuvene|más joven|colágeno|garanti|mejorar|arrugas|verá|radiante|luminos|cura|sana|resultados?|eficaz",
    "zh": "年轻|紧致|提拉|胶原|保证|改善|皱纹|效果|见效|焕发|光彩|治愈|根治|疗效|抗衰|美白",
}
# The one sentence that may name a result: a course agreement says that none is promised.
DENIALS = {
    "en": "no result is promised.",
    "es": "no se promete ningún resultado.",
    "zh": "我们不承诺任何效果。",
}
# What belongs before a visit, where lists differ too much to print.
BEFORE_THE_VISIT = {
    "en": "pregnan|pacemaker|aspirin|epilep|shingles|migraine|helichrysum",
    "es": "embaraz|marcapasos|aspirina|epilep|culebrilla|migraña",
    "zh": "怀孕|孕妇|起搏器|阿司匹林|癫痫|带状疱疹|偏头痛",
}


def words_of(tag: str) -> Iterator[str]:
    """Every message in a language; English is what they are named by."""
    for message in messages("es" if tag == "en" else tag):
        yield from ids(message) if tag == "en" else forms(message)


def shape(text: AftercareText) -> list[tuple[str, list[tuple[str, int]]]]:
    return [(part.role, [(block.kind, len(block.items)) for block in part.blocks]) for part in text.sections]


def lines(text: AftercareText) -> list[str]:
    return [
        "".join(run.text for run in item)
        for part in text.sections
        for block in part.blocks
        for item in block.items
    ]


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_text_is_there_in_every_language(tag: str) -> None:
    folder = files("invoices") / "texts" / tag
    assert {file.name for file in folder.iterdir()} == {f"{slug}.md" for slug in SLUGS}


@every_text
def test_a_text_has_the_parts_and_lines_of_the_english_one(tag: str, slug: str) -> None:
    translated, english = starting_text(slug, tag), starting_text(slug, "en")
    assert shape(translated) == shape(english)
    assert translated.title != english.title
    assert not set(lines(translated)) & set(lines(english))


@every_text
def test_a_text_says_the_same_hours_days_and_numbers_line_by_line(tag: str, slug: str) -> None:
    for theirs, ours in zip(lines(starting_text(slug, tag)), lines(starting_text(slug, "en")), strict=True):
        assert re.findall(r"\d+", theirs) == re.findall(r"\d+", ours), theirs


@every_text
def test_a_text_stresses_the_same_lines(tag: str, slug: str) -> None:
    def stressed(text: AftercareText) -> list[bool]:
        items = (item for part in text.sections for block in part.blocks for item in block.items)
        return [any(run.style == "strong" for run in item) for item in items]

    assert stressed(starting_text(slug, tag)) == stressed(starting_text(slug, "en"))


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("tag", LANGUAGES)
def test_when_to_call_and_when_to_get_help_are_never_missing(tag: str, slug: str) -> None:
    text = starting_text(slug, tag)
    roles = [part.role for part in text.sections]
    assert {"tonight", "expect", "call_us", "see_doctor", "get_help"} <= set(roles)
    assert "other" not in roles
    # Each country has a number of its own, which the sheet adds.
    assert "911" not in "".join(lines(text))


@pytest.mark.parametrize("tag", LANGUAGES)
def test_no_text_and_no_phrase_promises_a_result(tag: str) -> None:
    promise = re.compile(rf"\b(?:{PROMISES[tag]})" if tag != "zh" else PROMISES[tag])
    for said in (*(starting_markdown(slug, tag) for slug in SLUGS), *words_of(tag)):
        assert not promise.findall(said.casefold().removesuffix(DENIALS[tag])), said


@pytest.mark.parametrize("tag", LANGUAGES)
def test_what_belongs_before_a_visit_stays_off_the_sheets(tag: str) -> None:
    for slug in SLUGS:
        text = starting_text(slug, tag)
        sheet = replace(text, sections=tuple(part for part in text.sections if part.role not in OF_WELCOME))
        assert not re.findall(BEFORE_THE_VISIT[tag], "\n".join(lines(sheet)).casefold())


@pytest.mark.parametrize("slug", SLUGS)
def test_no_latin_word_and_no_latin_punctuation_is_left_in_a_chinese_text(slug: str) -> None:
    text = starting_text(slug, "zh")
    for line in (text.title, *(part.heading for part in text.sections), *lines(text)):
        assert set(re.findall("[A-Za-z]{2,}", line)) <= {"LED"}, line
        assert not re.findall("[,.;:!?()]", line), line


def test_strong_words_may_end_in_chinese_punctuation() -> None:
    text = read_text("# 护理\n\n## 何时联系我们\n\n**别碰脸。**不要揉，**重点**好，**休息：**早睡\n")
    runs = text.sections[0].blocks[0].items[0]
    assert [run.text for run in runs if run.style == "strong"] == ["别碰脸", "重点", "休息"]
    assert "".join(run.text for run in runs) == "别碰脸。不要揉，重点好，休息：早睡"


def test_the_sources_say_of_each_line_where_it_comes_from_and_what_to_decide() -> None:
    rows = sources("en")
    assert len(rows) > 20
    assert all(row.line and row.source for row in rows)
    unsourced = [row for row in rows if row.source in {"general knowledge", "no source"}]
    assert unsourced
    assert all(row.to_decide for row in unsourced)
    assert any("what to tell before we begin" in row.line for row in rows)


def test_the_sources_are_in_spanish_line_by_line() -> None:
    english, spanish = sources("en"), sources("es-US")
    assert len(english) == len(spanish)
    assert [bool(each.to_decide) for each in english] == [bool(each.to_decide) for each in spanish]
    assert not {each.line for each in english} & {each.line for each in spanish}
    assert sources("zh") == english


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "summary-spanish",
            ("Resumen de su plan", "de 12 sesiones por usar", "Sus visitas", "6 oct 2026"),
        ),
        (
            "summary-chinese",
            ("疗程概要", "次未使用，共12次", "您的到诊记录", "2026年10月6日", "第5次", "US$1,980.00"),
        ),
    ],
)
def test_a_summary_speaks_its_language(
    real_text: Callable[[str], str], name: str, says: tuple[str, ...]
) -> None:
    text = real_text(name)
    for said in says:
        assert said in text
    for english in ("Session", "left", "Visits", "Paid", "Bought", "Date"):
        assert english not in text


@pytest.mark.parametrize(("tag", "said"), [("es", "a más tardar el {date}"), ("zh", "{date}或之前")])
def test_what_is_due_by_a_day_may_be_paid_on_it(tag: str, said: str) -> None:
    """“Antes del” leaves the day itself out, and “前” leaves it open."""
    due = [form for message in messages(tag) if " by {date}" in ids(message)[0] for form in forms(message)]
    assert len(due) >= 5
    assert [form for form in due if said not in form] == []


def test_a_day_and_its_time_are_joined_by_the_comma_of_the_language(real_text: Callable[[str], str]) -> None:
    assert "10月20日星期二，10:30" in real_text("planner-chinese")
    assert "Tuesday, October 20, 10:30 AM" in real_text("planner")


def test_visits_to_come_are_no_record_of_visits_in_chinese(real_text: Callable[[str], str]) -> None:
    assert "您的到诊安排" in real_text("planner-chinese")


def test_the_year_is_told_in_the_words_of_accountants(real_text: Callable[[str], str]) -> None:
    words = real_text("year-end-spanish").split()
    assert {"Devengado", "Otros", "Total"} <= set(words)
    assert {"Ganado", "Otra", "Todo"}.isdisjoint(words)
    assert "已使用次数的金额" in real_text("year-end-chinese")
    assert "使用次数" in real_text("month-chinese")


STATES = [
    name
    for name in NAMES
    if name.startswith("summary-") and not re.search("names|scripts|spanish|chinese|visits|of-12", name)
]
ENGLISH = re.compile(
    "Paid|Balance|Expire|left|used|usable|Refund|Exchanged|Received|gift|hold|Next|visit|due|opens|Hatched|Dashed"
)


@pytest.mark.parametrize("tag", ["es", "zh-Hans"])
@pytest.mark.parametrize("name", STATES)
def test_every_state_of_a_course_is_said_in_its_language(name: str, tag: str) -> None:
    """Rows 1 to 5 of the papers' findings, in Spanish and Chinese."""
    summary = cast(CourseSummary, paper(name))
    found = replace(summary, language=tag, terms=(), package_name="", exchanged_for="", suggested_interval="")
    page = summary_page(found, language_for(tag))
    ours = summary_page(replace(found, language="en"), language_for("en"))
    said = [page.note, page.received, page.figure_label, *page.key, *(fact.name for fact in page.facts)]
    english = [ours.note, ours.received, ours.figure_label, *ours.key, *(fact.name for fact in ours.facts)]
    assert [bool(each) for each in said] == [bool(each) for each in english]
    assert not ENGLISH.search(" ".join(said))
    for theirs, mine in zip(said, english, strict=True):
        assert theirs != mine or not mine or mine.startswith("LED")


def test_a_chinese_sheet_puts_its_parts_together_the_chinese_way(real_text: Callable[[str], str]) -> None:
    text = real_text("aftercare-facial-chinese")
    for said in ("第5次，共12次", "2026年11月3日，治疗师：A. Kim", "下次到诊：11月10日星期二，10:30"):
        assert said in text


@pytest.mark.parametrize("size", ["letter", "a4"])
@pytest.mark.parametrize("tag", ["es", "zh-Hans"])
def test_an_ordinary_course_stays_on_one_page(pages_of: Pages, tag: str, size: PageSize) -> None:
    assert pages_of(replace(paper("summary-finished", size), language=tag)) == 1


@pytest.mark.parametrize("size", ["letter", "a4"])
@pytest.mark.parametrize(
    "name", [name for name in NAMES if name.startswith("aftercare-") and not name.endswith("-large")]
)
def test_a_sheet_stays_on_one_page(pages_of: Pages, name: str, size: PageSize) -> None:
    assert pages_of(paper(name, size)) == 1
