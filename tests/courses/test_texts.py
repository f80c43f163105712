"""The clinic's own aftercare texts: versions that never change, refusals in words, and what a client is handed."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from invoices.aftercare import starting_markdown, starting_text
from invoices.papers import AftercareSheet, AftercareText
from plugin.core.acts import Role
from plugin.core.money import Money
from plugin.courses.base.clinic import read_clinic, save_clinic
from plugin.courses.catalog.packages import NewContent, NewPackage, create_package
from plugin.courses.handouts.cache import AFTERCARE, hand_out
from plugin.courses.handouts.content import aftercare_paper
from plugin.courses.handouts.text_check import claims_in
from plugin.courses.handouts.texts import (
    count_to_review,
    list_texts,
    read_treatment_text,
    review_text,
    save_text,
    start_over,
    suggest_days,
    text_for,
)
from plugin.errors import InvalidField, KeyReused, NotAllowed, NotFound, Refused
from plugin.store import Store
from plugin.store.offers import Treatment
from tests.clock import HandMovedClock
from tests.courses.desk import DEB, FACIAL, OLGA, SINGLE, TOUCH_UP, Desk
from tests.courses.test_papers import Printer

OURS = "# Our way\n\n## Tonight\n\n- Rest.\n\n## When to call us\n\n- Anything odd.\n"
SUYO = "# A nuestra manera\n\n## Esta noche\n\n- Descanse.\n\n## Cuándo llamarnos\n\n- Cualquier duda.\n"


class Pen:
    """Olga writing the text of one treatment."""

    def __init__(self, desk: Desk, treatment: str = FACIAL) -> None:
        self.desk, self.store, self.name = desk, desk.store, treatment
        with self.store.reading() as session:
            row = session.scalars(select(Treatment).where(Treatment.name == treatment)).one()
            self.id, self.kind = row.id, row.kind

    def writes(self, markdown: str, language: str = "en", *, seen: int = 0, is_reviewed: bool = False) -> int:
        act = self.desk.act(OLGA)
        return save_text(
            self.store, act, self.id, language, markdown, is_reviewed=is_reviewed, seen_version=seen
        ).version

    def handed_out(self, language: str = "en") -> AftercareText:
        with self.store.reading() as session:
            return text_for(session, self.id, self.name, self.kind, language)


@pytest.fixture
def small(lite_store: Store, clock: HandMovedClock) -> Desk:
    desk = Desk(lite_store, clock)
    desk.package(sessions=12, touch_ups=2)
    return desk


@pytest.fixture
def pen(small: Desk) -> Pen:
    return Pen(small)


def test_until_somebody_writes_clients_get_the_starting_text(pen: Pen) -> None:
    assert pen.handed_out("es") == starting_text("facial-acupuncture", "es")
    shown = read_treatment_text(pen.store, pen.id, "en")
    assert (shown.markdown, shown.shown, shown.newest, shown.versions) == (
        starting_markdown("facial-acupuncture", "en"),
        0,
        0,
        (),
    )
    assert [each.language for each in list_texts(pen.store)[0].texts] == ["en", "es", "zh"]
    assert all(
        text.is_starting and not text.is_reviewed for each in list_texts(pen.store) for text in each.texts
    )


def test_every_save_is_a_version_and_the_newest_is_handed_out(pen: Pen) -> None:
    assert pen.writes(OURS) == 1
    assert pen.writes(OURS.replace("Rest", "Sleep"), seen=1, is_reviewed=True) == 2
    assert (pen.handed_out().title, pen.handed_out().reviewed) == ("Our way", True)
    shown = read_treatment_text(pen.store, pen.id, "en")
    assert "Sleep" in shown.markdown
    assert [(each.version, each.is_reviewed, each.by) for each in shown.versions] == [
        (2, True, "Olga"),
        (1, False, "Olga"),
    ]
    earlier = read_treatment_text(pen.store, pen.id, "en", 1)
    assert (earlier.shown, earlier.newest, earlier.is_reviewed) == (1, 2, False)
    assert "Rest" in earlier.markdown
    standing = next(each for each in list_texts(pen.store) if each.treatment_id == pen.id).texts[0]
    assert (standing.newest and standing.newest.version, standing.is_starting) == (2, False)


def test_a_review_of_the_starting_text_makes_it_the_clinic_s_own(pen: Pen) -> None:
    """A later starting text is not taken for the one that was reviewed."""
    lin = replace(OLGA, name="Lin", role=Role.PRACTITIONER)
    saved = review_text(pen.store, pen.desk.act(lin), pen.id, "en", seen_version=0)
    assert (saved.version, saved.is_starting, saved.reviewer) == (1, False, "Lin")
    handed = pen.handed_out()
    assert (handed.reviewed, handed.reviewed_by, handed.version) == (True, "Lin", 1)
    assert handed.sections == starting_text("facial-acupuncture", "en").sections
    pen.writes(OURS, seen=1)
    assert pen.handed_out().reviewed is False


def test_the_desk_reviews_nothing(pen: Pen) -> None:
    with pytest.raises(NotAllowed):
        review_text(pen.store, pen.desk.act(DEB), pen.id, "en", seen_version=0)


def test_the_texts_in_the_clinic_s_language_are_counted_until_they_are_reviewed(pen: Pen) -> None:
    before = count_to_review(pen.store)
    pen.writes(OURS, is_reviewed=True)
    pen.writes(SUYO, "es", is_reviewed=True)
    assert count_to_review(pen.store) == before - 1


def test_back_to_the_starting_text_keeps_what_was_written(pen: Pen) -> None:
    pen.writes(OURS, is_reviewed=True)
    back = start_over(pen.store, pen.desk.act(OLGA), pen.id, "en", seen_version=1)
    assert (back.version, back.is_starting, back.is_reviewed) == (2, True, False)
    assert pen.handed_out() == starting_text("facial-acupuncture", "en")
    assert read_treatment_text(pen.store, pen.id, "en", 1).markdown == OURS


def test_the_one_who_saves_second_is_told_and_nothing_is_lost(pen: Pen) -> None:
    pen.writes(OURS)
    with pytest.raises(Refused, match="Olga has saved another version meanwhile") as refusal:
        pen.writes(OURS.replace("Rest", "Mine"), seen=0)
    assert refusal.value.code == "changed"
    assert read_treatment_text(pen.store, pen.id, "en").newest == 1


def test_a_double_tap_saves_once(pen: Pen) -> None:
    act = pen.desk.act(OLGA, key="one-tap")
    for _ in range(2):
        saved = save_text(pen.store, act, pen.id, "en", OURS, is_reviewed=False, seen_version=0)
        assert saved.version == 1
    with pytest.raises(KeyReused):
        save_text(pen.store, act, pen.id, "en", OURS + "- More.\n", is_reviewed=False, seen_version=1)


@pytest.mark.parametrize(
    ("markdown", "says"),
    [
        ("", "needs a title"),
        ("## When to call us\n\n- Odd.", "needs a title"),
        ("# Care\n\n## Tonight\n\n- Rest.", "says when to call"),
        ("# Care\n\nRest.\n\n## When to call us\n\n- Odd.", "Put a heading"),
        (OURS + "x" * 17_000, "may have 16000 characters"),
        (OURS + "- word\n" * 250, "may have 200 lines"),
        (OURS + "- " + "word " * 1_700, "may have 8000 characters"),
    ],
)
def test_what_can_be_no_sheet_is_refused_in_words(pen: Pen, markdown: str, says: str) -> None:
    with pytest.raises(InvalidField, match=says) as refusal:
        pen.writes(markdown)
    assert refusal.value.field == "markdown"
    assert read_treatment_text(pen.store, pen.id, "en").versions == ()


def test_it_is_kept_as_typed_but_for_what_nobody_types(pen: Pen) -> None:
    pen.writes(OURS.replace("\n", "\r\n").replace("Rest.", "Rest\x00\x1b. Cafe\u0301.   "))
    assert read_treatment_text(pen.store, pen.id, "en").markdown == OURS.replace("Rest.", "Rest. Café.")


def test_each_language_has_its_own_and_no_paper_speaks_two(pen: Pen) -> None:
    pen.writes(OURS)
    assert pen.handed_out("es") == starting_text("facial-acupuncture", "es")
    pen.writes(SUYO, "es")
    assert (pen.handed_out("es-MX").title, pen.handed_out("en").title) == ("A nuestra manera", "Our way")
    assert pen.handed_out("zh-Hans") == starting_text("facial-acupuncture", "zh")
    # A language that is not supported gets English, the paper round it too.
    assert pen.handed_out("fr").title == "Our way"


def test_a_treatment_without_a_starting_text_speaks_the_clinic_s_language_rather_than_in_general(
    small: Desk,
) -> None:
    content = NewContent("Cupping", 6, Money(SINGLE, "USD"), kind="main")
    create_package(small.store, small.act(OLGA), NewPackage("Six cuppings", Money(60000, "USD"), [content]))
    pen = Pen(small, "Cupping")
    assert pen.handed_out("es") == starting_text("general", "es")
    pen.writes(OURS)
    assert pen.handed_out("es").title == "Our way"
    assert {each.role for each in pen.handed_out("es").sections} == {"tonight", "call_us"}
    small_clinic = replace(read_clinic(small.store), language="zh-Hans")
    save_clinic(small.store, small.act(OLGA), small_clinic)
    assert pen.handed_out("es") == starting_text("general", "es")


def test_a_new_text_is_on_the_next_paper_although_one_was_kept_ready(small: Desk) -> None:
    course, printer = small.sell(), Printer()
    small.use(course)

    def handed() -> AftercareSheet:
        hand_out(small.store, printer, small.act(), course, AFTERCARE)
        assert isinstance(printer.drawn[-1], AftercareSheet)
        return printer.drawn[-1]

    assert handed().text == starting_text("facial-acupuncture", "en")
    Pen(small).writes(OURS, is_reviewed=True)
    assert handed().text.title == "Our way"
    handed()
    assert len(printer.drawn) == 2
    owner = aftercare_paper(small.store, course, now=small.clock()).client_name
    assert owner == "Ana Souza"


def test_the_kind_of_visit_chooses_the_text(small: Desk) -> None:
    pen = Pen(small, TOUCH_UP)
    assert pen.handed_out() == starting_text("touch-up", "en")
    pen.writes(OURS)
    assert pen.handed_out().title == "Our way"
    assert Pen(small).handed_out() == starting_text("facial-acupuncture", "en")


@pytest.mark.parametrize(
    ("days", "is_taken"), [(None, True), (1, True), (365, True), (0, False), (366, False)]
)
def test_days_between_visits(pen: Pen, days: int | None, is_taken: bool) -> None:
    if not is_taken:
        with pytest.raises(InvalidField, match="1 to 365"):
            suggest_days(pen.store, pen.desk.act(OLGA), pen.id, days)
        return
    suggest_days(pen.store, pen.desk.act(OLGA), pen.id, days)
    assert next(each for each in list_texts(pen.store) if each.treatment_id == pen.id).suggested_days == days


def test_only_the_owner_writes_and_only_what_there_is(pen: Pen) -> None:
    act = pen.desk.act(DEB)
    with pytest.raises(NotAllowed):
        save_text(pen.store, act, pen.id, "en", OURS, is_reviewed=False, seen_version=0)
    with pytest.raises(NotAllowed):
        start_over(pen.store, act, pen.id, "en", seen_version=0)
    with pytest.raises(NotAllowed):
        suggest_days(pen.store, act, pen.id, 7)
    for treatment_id, language in (("none", "en"), (pen.id, "tlh")):
        with pytest.raises(NotFound):
            read_treatment_text(pen.store, treatment_id, language)
    with pytest.raises(NotFound):
        read_treatment_text(pen.store, pen.id, "en", 1)
    with pytest.raises(NotFound):
        suggest_days(pen.store, pen.desk.act(OLGA), "none", 7)


@pytest.mark.parametrize("language", ["en", "es", "zh"])
@pytest.mark.parametrize("slug", ["facial-acupuncture", "touch-up", "led-light-dome", "general"])
def test_no_starting_text_is_taken_for_a_promise(slug: str, language: str) -> None:
    assert claims_in(starting_markdown(slug, language)) == ()


@pytest.mark.parametrize(
    ("markdown", "found"),
    [
        ("- **Rest.** You’ll see a younger face.", ("You’ll see a younger face.",)),
        ("# Secure your hair\n\nNo results are promised.", ()),
        ("- Le garantizamos el resultado.", ("Le garantizamos el resultado.",)),
        ("- 多喝水。保证见效。", ("保证见效。",)),
    ],
)
def test_a_promise_is_found_by_its_sentence(markdown: str, found: tuple[str, ...]) -> None:
    assert claims_in(markdown) == found
