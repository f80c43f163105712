"""Aftercare texts and the sheet made from them."""

import io
import re
from collections.abc import Callable
from dataclasses import replace

import pikepdf
import pytest

from invoices.aftercare import (
    MARKDOWN_CAP,
    odd_rows,
    read_text,
    starting_markdown,
    starting_slugs,
    starting_text,
)
from invoices.language import language_for
from invoices.pages.sheet import cells, emergency_number
from invoices.pages.text import hours_line
from invoices.papers import Block, OpenHours, Paper, PaperRefused, Run, Section, TimeRow
from tests.invoices.conftest import text_in
from tests.papers.real import sheet

Text = Callable[[Paper], str]
Named = Callable[[str], str]
CALL = "\n## When to call us\n\n- Anything odd.\n"


def test_it_knows_the_starting_catalogue() -> None:
    assert starting_slugs() == ("facial-acupuncture", "led-light-dome", "touch-up")


@pytest.mark.parametrize("slug", [*starting_slugs(), "general"])
def test_every_starting_text_says_when_to_call_and_when_to_get_help(slug: str) -> None:
    roles = {section.role for section in starting_text(slug, "en").sections}
    assert {"tonight", "expect", "call_us", "see_doctor", "get_help"} <= roles
    assert "other" not in roles


@pytest.mark.parametrize("slug", [*starting_slugs(), "general"])
def test_no_starting_text_promises_a_result(slug: str) -> None:
    text = starting_markdown(slug, "en").casefold()
    for promise in ("younger", "lift", "collagen", "guarantee", "will improve", "wrinkle", "you will see"):
        assert promise not in text


@pytest.mark.parametrize("slug", ["hot-stones", "../en/facial-acupuncture", "", "facial-acupuncture.md"])
def test_an_unknown_treatment_gets_the_general_text(slug: str) -> None:
    assert starting_text(slug, "en") == starting_text("general", "en")


def test_the_help_card_says_whom_to_call_and_names_neither_client_nor_treatment(
    real_text: Named, real_pdf: Callable[[str], bytes]
) -> None:
    """It hangs where visitors read it, and its title where it is shared or printed."""
    with pikepdf.open(io.BytesIO(real_pdf("help-card"))) as pdf:
        assert pdf.docinfo["/Title"] == "Help card · Juniper Street Acupuncture"
    said = real_text("help-card")
    for step in (
        "When to call us (310) 555-0100",
        "When to see a doctor today",
        "When to get help at once 911",
    ):
        assert step in said
    for private in ("Osei", "Facial", "Session", "Tonight"):
        assert private not in said


def test_a_language_without_texts_gets_english() -> None:
    assert starting_text("touch-up", "tlh") == starting_text("touch-up", "en")


def test_it_reads_title_sections_and_emphasis() -> None:
    text = read_text("# Care\n\n## Tonight\n\n- **Rest** *well*\n\nDrink water.\n" + CALL)
    tonight = text.sections[0]
    assert text.title == "Care"
    assert (tonight.role, tonight.heading) == ("tonight", "Tonight")
    assert tonight.blocks == (
        Block("list", ((Run("Rest", "strong"), Run(" "), Run("well", "emphasis")),)),
        Block("paragraph", ((Run("Drink water."),),)),
    )


def test_a_heading_of_the_owners_own_stays() -> None:
    assert read_text("# Care\n\n## Our tea\n\nMint.\n" + CALL).sections[0].role == "other"


@pytest.mark.parametrize(
    "foreign",
    [
        "<script>alert(1)</script>",
        "![x](http://example.com/x.png)",
        "[x](file:///etc/passwd)",
        "`code` | table",
        "&lt;b&gt;",
        "<http://example.com>",
    ],
)
def test_anything_but_plain_markdown_stays_the_letters_it_is(foreign: str) -> None:
    section = read_text(f"# Care\n\n## Tonight\n\n{foreign}\n" + CALL).sections[0]
    assert "".join(run.text for run in section.blocks[0].items[0]) == foreign


def test_lines_with_bars_are_the_table_by_time() -> None:
    """Row 18: tonight, up to 24 and up to 48 hours, or one cell for all of them; another number is no row."""
    said = "- Make-up | no | **light** | yes\n- Peels | ask us first\n- Wine | no | yes\n- Rest.\n"
    section = read_text(f"# Care\n\n## Tonight\n\n{said}" + CALL).sections[0]
    assert section.rows == (TimeRow("Make-up", ("no", "light", "yes")), TimeRow("Peels", ("ask us first",)))
    assert [lines_of(section)] == ["Wine | no | yes\nRest."]
    assert odd_rows(f"# Care\n\n## Tonight\n\n{said}" + CALL) == ("Wine | no | yes",)


def test_the_words_of_a_cell_stand_beside_its_mark_and_are_read_aloud(text_of: Text) -> None:
    row = TimeRow("Gua sha", ("no", "gently", "sí"))
    assert [(cell.words, cell.mark) for cell in cells(row)] == [("no", "no"), ("gently", ""), ("sí", "yes")]
    assert [cell.columns for cell in cells(TimeRow("Peels", ("ask us first",)))] == [3]
    text = text_of(sheet())
    assert text.index("Up to 48 h") < text.index("Make-up") < text.index("ask us first")


def test_a_line_with_an_empty_box_is_switched_off() -> None:
    text = read_text("# Care\n\n## Tonight\n\n- [ ] Arnica.\n- [x] **Rest** well.\n" + CALL)
    assert lines_of(text.sections[0]) == "Rest well."


def test_a_step_of_help_has_no_table_that_could_hide_a_line() -> None:
    text = read_text("# Care\n\n## When to call us\n\n- Redness | tell us\n")
    assert (text.sections[0].rows, lines_of(text.sections[0])) == ((), "Redness | tell us")


def test_a_cell_that_is_too_long_is_refused_not_cut(draw: Callable[[Paper], bytes]) -> None:
    given = sheet()
    part = replace(given.text.sections[0], rows=(TimeRow("Make-up", ("no " * 80,)),))
    with pytest.raises(PaperRefused, match="shorten"):
        draw(replace(given, text=replace(given.text, sections=(part, *given.text.sections[1:]))))


@pytest.mark.parametrize(
    ("country", "number"), [("US", "911"), ("DE", "112"), ("GB", "999"), ("CN", "120"), ("", "")]
)
def test_the_emergency_number_is_the_country_s(country: str, number: str) -> None:
    assert emergency_number(country) == number


def test_the_hours_of_the_phone_are_printed_where_the_clinic_has_entered_them(text_of: Text) -> None:
    hours = (OpenHours(0, 4, 9 * 60, 18 * 60), OpenHours(5, 5, 10 * 60, 14 * 60))
    assert hours_line(hours, language_for("en")).replace("\u00a0", " ") == (
        "Mon–Fri 9:00 AM–6:00 PM, Sat 10:00 AM–2:00 PM"
    )
    assert "We answer Mon–Fri 9:00 AM" in text_of(replace(sheet(), phone_hours=hours)).replace("\u00a0", " ")
    assert "We answer" not in text_of(sheet())


def test_it_refuses_a_text_that_never_says_when_to_call() -> None:
    with pytest.raises(PaperRefused, match="says when to call"):
        read_text("# Care\n\n## Tonight\n\nRest.\n")


def test_it_refuses_an_empty_part_on_when_to_call() -> None:
    with pytest.raises(PaperRefused, match="says when to call"):
        read_text("# Care\n\n## When to call us\n\n## Tonight\n\nRest.\n")


def test_it_refuses_a_text_without_a_title() -> None:
    with pytest.raises(PaperRefused, match="needs a title"):
        read_text(CALL)


def test_it_refuses_words_before_the_first_heading() -> None:
    with pytest.raises(PaperRefused, match=r"before “Hello there\.”"):
        read_text("# Care\n\nHello there.\n" + CALL)


def test_it_refuses_a_text_of_endless_length() -> None:
    with pytest.raises(PaperRefused, match="shorten it"):
        read_text("#" * (MARKDOWN_CAP + 1))


def test_a_sheet_without_a_part_on_when_to_call_is_refused(draw: Callable[[Paper], bytes]) -> None:
    given = sheet()
    others = tuple(section for section in given.text.sections if section.role != "call_us")
    with pytest.raises(PaperRefused, match="when to call the clinic"):
        draw(replace(given, text=replace(given.text, sections=others)))


def test_a_part_on_when_to_call_that_nobody_can_see_is_refused(draw: Callable[[Paper], bytes]) -> None:
    given = sheet()
    unseen = (Section("call_us", "Call", (Block("list", ((Run("\u200b \x00"),),)),)),)
    with pytest.raises(PaperRefused, match="when to call the clinic"):
        draw(replace(given, text=replace(given.text, sections=unseen)))


def test_the_sheet_starts_with_tonight_and_says_which_session_this_was(real_text: Named) -> None:
    text = real_text("aftercare-facial")
    assert text.index("Session 5 of 12") < text.index("Tonight") < text.index("What to expect")
    assert text.index("What to expect") < text.index("When to call us")
    assert "Anything you are unsure about." in text
    assert text.count("(310) 555-0100") == 2
    assert "fades by tomorrow" in text


STEPS = {
    "": ("When to call us", "When to see a doctor today", "When to get help at once"),
    "-spanish": ("Cuándo llamar", "Cuándo ir al médico hoy mismo", "Cuándo pedir ayuda urgente"),
    "-chinese": ("何时联系我们", "何时当天就医", "何时立即求助"),
}


@pytest.mark.parametrize("language", STEPS)
@pytest.mark.parametrize("slug", ["facial", "touch-up", "led", "general"])
def test_help_comes_in_three_steps_on_every_sheet_in_every_language(
    real_text: Named, slug: str, language: str
) -> None:
    """Row 6 of the papers' findings."""
    text = real_text(f"aftercare-{slug}{language}")
    places = [text.index(step) for step in STEPS[language]]
    assert places == sorted(places)
    assert "911" in text


@pytest.mark.parametrize("slug", ["facial-acupuncture", "touch-up", "general"])
def test_what_needles_can_do_is_on_the_step_it_belongs_to(slug: str) -> None:
    """Row 6: the chest is needled, and a collapsed lung may show hours later."""
    said = {part.role: lines_of(part).casefold() for part in starting_text(slug, "en").sections}
    assert "sudden chest pain or breathlessness, even hours later" in said["get_help"]
    for sign in ("redness that spreads", "fever", "bleeding that 10 minutes of firm pressure do not stop"):
        assert sign in said["see_doctor"]
        assert sign not in said["call_us"]
    if slug != "general":
        assert "a bruise by the eye that closes it" in said["see_doctor"]


def lines_of(part: Section) -> str:
    return "\n".join("".join(run.text for run in item) for block in part.blocks for item in block.items)


def test_an_owners_text_without_the_middle_step_stays_as_it_was_written(real_text: Named) -> None:
    """Row 6: texts that were edited before there were three steps are printed, not changed."""
    text = real_text("aftercare-own")
    assert "When to call us" in text
    assert "When to get help at once" in text
    assert "see a doctor" not in text.casefold()


def test_the_next_visit_names_its_treatment(real_text: Named) -> None:
    """Row 7."""
    assert "Your next visit: Tuesday, November 3, 10:30 AM with A. Kim (Touch-up, 45 min)" in real_text(
        "aftercare-touch-up"
    ).replace("\u00a0", " ")


def test_a_treatment_is_not_parted_from_its_minutes(real_pdf: Callable[[str], bytes]) -> None:
    *_others, last = text_in(real_pdf("aftercare-facial-spanish")).split("Su próxima visita")
    assert "(Facial acupuncture, 60 min)" in last.replace("\u00a0", " ")


def test_without_a_part_on_tonight_the_first_hours_lead(text_of: Text) -> None:
    given = sheet("aftercare-led")
    others = tuple(section for section in given.text.sections if section.role != "tonight")
    text = text_of(replace(given, text=replace(given.text, sections=others)))
    assert text.index("The first 24 to 48 hours") < text.index("What to expect")


def test_a_touch_up_counts_touch_ups(text_of: Text) -> None:
    counted = replace(sheet("aftercare-touch-up"), session_number=1, sessions_total=2)
    assert "Touch-up 1 of 2" in text_of(counted)


def test_a_visit_outside_a_course_names_no_session(text_of: Text) -> None:
    assert "Session" not in text_of(replace(sheet(), session_number=None, sessions_total=None))


def test_the_sheet_names_who_reviewed_its_text(text_of: Text) -> None:
    assert "General guidance" in text_of(sheet())
    own = text_of(sheet("aftercare-own")).replace("\u00a0", " ")
    assert "General guidance" not in own
    assert re.search(r"Reviewed by Olga, \w{3} 2026, version 1\b", own)


def test_a_clinic_without_a_phone_prints_none(text_of: Text) -> None:
    assert "555" not in text_of(replace(sheet(), clinic=replace(sheet().clinic, phone="")))
