"""The owner's month on paper: its figures, its charts, and that nothing is printed that does not add up."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pikepdf
import pytest

from invoices.language import language_for
from invoices.pages.chart import columns
from invoices.pages.fit import fit
from invoices.pages.month import month_page
from invoices.papers import (
    CallReason,
    CallRow,
    Money,
    MonthPoint,
    OwnersMonth,
    PackageRow,
    Paper,
    PaperRefused,
    RollLine,
    from_json,
    to_json,
)
from invoices.press.html import html_of
from tests.invoices.accounts import usd
from tests.papers.real import month
from tests.papers.real import paper as real_paper

Draw = Callable[[Paper], bytes]
Text = Callable[[Paper], str]
Pages = Callable[[Paper], int]
ENGLISH = language_for("en")


def call_row(name: str, phone: str, reason: CallReason, left: int, on: date | None) -> CallRow:
    due = usd(99000) if reason == "overdue" else None
    return CallRow(name=name, phone=phone, reason=reason, package="Ten facials", left=left, on=on, due=due)


def busy_month() -> OwnersMonth:
    """As much as two pages are for: thirty packages, and more people than can be called in a week."""
    first, second = month().packages
    session = first.sold_value.amount // first.sold_sessions
    rest = replace(
        first, sold_sessions=first.sold_sessions - 28, sold_value=usd(first.sold_value.amount - 28 * session)
    )
    small = PackageRow(
        package="A first visit", sold=1, sold_sessions=1, sold_value=usd(session), used=0, used_value=usd(0)
    )
    others = (replace(small, package=f"{small.package} {n}") for n in range(28))
    people = month().follow_ups[:15]
    return replace(month(), packages=(rest, second, *others), follow_ups=people, people_left_out=41)


def quiet_month() -> OwnersMonth:
    """A clinic on its first day."""
    nothing = usd(0)
    return replace(
        month(),
        issued_on=month().month,
        roll_forward=tuple(RollLine(line.kind, nothing, 0) for line in month().roll_forward),
        packages=(),
        follow_ups=(),
        people_left_out=0,
        trend=tuple(MonthPoint(point.month, nothing, nothing, nothing) for point in month().trend),
        expired=None,
    )


def test_it_answers_what_is_owed_before_anything_else(real_text: Callable[[str], str]) -> None:
    text = real_text("month-closed").replace("\u00a0", " ")
    assert (
        text.index("November 2026") < text.index("$22,440.00") < text.index("deferred revenue after Nov 30")
    )
    for said in (
        "The books are closed: these figures stay as they are.",
        "Balance before Nov 1 102 $16,830.00",
        "Sold 54 Payments $8,910.00",
        "Used −10 −$1,650.00",
        "Refunded −10 −$1,650.00",
        "Balance after Nov 30 137 $22,440.00",
        "+$3,960.00 since Oct 2026",
        "−$1,320.00 since Oct 2026",
        "All 6 54 $8,910.00 10 $1,650.00",
        "Ines Reis (310) 555-0142 Course expires Dec 10 3",
        "3 more people are on the screen’s list.",
    ):
        assert said in text


def test_expired_sessions_that_are_still_owed_and_balances_due_are_said(text_of: Text) -> None:
    overdue = call_row("Dorothy Abara", "(310) 555-0161", "overdue", 6, None)
    expired = RollLine("expired", usd(66000), 4)
    text = text_of(replace(month(), expired=expired, follow_ups=(overdue,)))
    for said in (
        "$660.00 of deferred revenue is in expired courses: 4 sessions.",
        "Dorothy Abara (310) 555-0161 $990.00 due 6",
    ):
        assert said in text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "month-spanish",
            ("El mes: noviembre de 2026", "Ingresos diferidos", "Doce meses", "Por paquete", "Página 2 de 2"),
        ),
        ("month-chinese", ("2026年11月", "递延收入", "十二个月", "按套餐", "王小梅")),
    ],
)
def test_it_speaks_the_clinics_language_all_through(
    real_text: Callable[[str], str], name: str, says: tuple[str, ...]
) -> None:
    text = real_text(name)
    for said in says:
        assert said in text
    assert not {"Job", "Sessions", "Paid"} & set(text.split())


def test_a_month_that_still_runs_says_so() -> None:
    page = month_page(month("month-running"), ENGLISH)
    assert page.heading == "November 2026, so far"
    assert page.standing == "The month still runs: these figures are as of November 22, 2026."
    assert page.owed.name == "deferred revenue on Nov 22"
    assert page.rows[-1].name == "Balance on Nov 22"


def test_a_month_that_is_over_says_whether_its_books_are_closed() -> None:
    said = [month_page(month(name), ENGLISH).standing for name in ("month-closed", "month")]
    assert said[0].startswith("The books are closed")
    assert said[1].startswith("The books are still open")


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 2, 1), "Feb 28"),
        (date(2028, 2, 1), "Feb 29"),
        (date(2026, 12, 1), "Dec 31"),
        (date(2026, 4, 1), "Apr 30"),
    ],
)
def test_the_month_ends_on_its_last_day(first: date, last: str) -> None:
    page = month_page(replace(month(), month=first, issued_on=date(2030, 1, 1)), ENGLISH)
    assert page.owed.name == f"deferred revenue after {last}"


def test_a_clinics_first_day_is_a_paper_too(text_of: Text) -> None:
    text = text_of(quiet_month())
    assert "Nothing was sold or used in this month." in text
    assert "No one needs a call today." in text


@pytest.mark.parametrize("made", [month, busy_month], ids=["usual", "busy"])
def test_it_is_two_pages_at_most(pages_of: Pages, made: Callable[[], OwnersMonth]) -> None:
    assert pages_of(made()) == 2


def test_packages_beyond_the_page_stand_together_and_still_add_up() -> None:
    page = month_page(busy_month(), ENGLISH)
    assert len(page.packages) == 12
    assert (page.packages[-1].package, page.packages[-1].sold) == ("19 other packages", 19)
    assert page.all_packages.sold_value == usd(8_910_00)
    assert "41 more people are on the screen" in html_of(busy_month())


def test_the_charts_say_their_numbers_to_who_cannot_see_them(draw: Draw) -> None:
    with pikepdf.open(io.BytesIO(draw(month()))) as pdf:
        said = [str(each.Alt) for each in _figures(pdf.Root.StructTreeRoot)]
    flows, owed = said
    assert "Nov 2026: payments $8,910.00, used $1,650.00." in flows
    assert "Dec 2025: payments $3,300.00, used $1,320.00;" in flows
    assert "Nov 2026: $22,440.00." in owed
    assert flows.count("2026") == owed.count("2026") == 11


def test_the_numbers_stand_beside_the_charts(real_text: Callable[[str], str]) -> None:
    text = real_text("month")
    for row in ("Dec 2025 20 3,300.00 8 1,320.00 1,980.00", "Nov 2026 54 8,910.00 10 1,650.00 22,440.00"):
        assert all(part in text for part in row.split())
    page = month_page(month(), ENGLISH)
    assert page.has_room


def test_long_amounts_push_the_sessions_out_of_the_table_of_months() -> None:
    *earlier, last = month().trend
    points = (*earlier, replace(last, owed=usd(100_000_00)))
    assert not month_page(replace(month(), trend=points), ENGLISH).has_room


def test_columns_are_as_long_as_their_numbers_and_stand_on_zero() -> None:
    chart = columns("abc", ([10, 0, -5], [5, 20, 0]), str, width=200, height=100, alt="")
    zero = next(tick.y for tick in chart.ticks if tick.is_zero)
    heights = {(bar.series, round(bar.height, 1)) for bar in chart.bars}
    (tallest,) = (bar for bar in chart.bars if bar.series == 1 and bar.height > 30)
    # Twenty is twice ten; five below hangs from the line.
    (ten,) = (bar for bar in chart.bars if bar.series == 0 and bar.y < zero)
    (below,) = (bar for bar in chart.bars if bar.series == 0 and bar.y == zero)
    assert tallest.height == pytest.approx(2 * ten.height, abs=0.02)
    assert below.height == pytest.approx(ten.height / 2, abs=0.02)
    assert len(heights) == 4
    assert all(bar.y + bar.height == pytest.approx(zero) for bar in chart.bars if bar is not below)
    assert [tick.text for tick in chart.ticks] == ["-10", "0", "10", "20"]
    assert all(bar.x > 0 and bar.x + bar.width <= 200 for bar in chart.bars)


def test_nothing_is_drawn_of_nothing() -> None:
    chart = columns("ab", ([0, 0],), str, width=100, height=100, alt="")
    assert (chart.bars, [tick.text for tick in chart.ticks]) == ((), ["0"])


@pytest.mark.parametrize("highest", [1, 7, 99, 12_345, 2_600_000, 10**12 + 1])
def test_lines_across_stand_at_round_numbers_above_the_highest(highest: int) -> None:
    chart = columns("a", ([highest],), str, width=100, height=100, alt="")
    lines = [int(tick.text) for tick in chart.ticks]
    assert 2 <= len(lines) <= 6
    assert lines[-2] < highest <= lines[-1]
    assert str(lines[1]).rstrip("0") in {"1", "2", "5"}


def _moved(kind: str, cents: int = 0, sessions: int = 0) -> OwnersMonth:
    moved = tuple(
        replace(line, value=usd(line.value.amount + cents), sessions=line.sessions + sessions)
        if line.kind == kind
        else line
        for line in month().roll_forward
    )
    return replace(month(), roll_forward=moved)


def _with_trend(change: Callable[[MonthPoint], MonthPoint], place: int) -> OwnersMonth:
    points = list(month().trend)
    points[place] = change(points[place])
    return replace(month(), trend=tuple(points))


# Functions, so that no clinic is set up while tests are collected.
WRONG: tuple[tuple[Callable[[], OwnersMonth], str], ...] = (
    (lambda: _moved("adjusted", cents=1), "money of the month does not add up"),
    (lambda: _moved("opening", cents=-1), "money of the month does not add up"),
    (lambda: _moved("refunded", sessions=1), "sessions of the month do not add up"),
    (lambda: replace(month(), roll_forward=month().roll_forward[:-1]), "nine lines"),
    (lambda: replace(month(), roll_forward=month().roll_forward[::-1]), "nine lines"),
    (lambda: replace(month(), packages=month().packages[:-1]), "packages of the month are not its sums"),
    (lambda: replace(month(), trend=month().trend[1:]), "12 months up to"),
    (lambda: _with_trend(lambda point: replace(point, owed=usd(1)), -1), "last month of the charts"),
    (lambda: _with_trend(lambda point: replace(point, owed=Money(1, "EUR")), 0), "one currency"),
    (lambda: replace(month(), month=date(2026, 11, 2)), "first day"),
    (lambda: replace(month(), issued_on=date(2026, 10, 31)), "once it has begun"),
    (lambda: replace(month(), follow_ups=(call_row("Ana", "", "low", 1, None),) * 61), "60 reasons"),
)


@pytest.mark.parametrize(("made", "says"), WRONG)
def test_what_does_not_add_up_is_refused(made: Callable[[], OwnersMonth], says: str) -> None:
    with pytest.raises(PaperRefused, match=says):
        fit(made())


def test_an_undone_sale_counts_below_zero_and_is_no_mistake() -> None:
    assert fit(month()) == fit(fit(month()))
    nothing = quiet_month()
    lines = {line.kind: line for line in nothing.roll_forward}
    lines["opening"] = replace(lines["opening"], sessions=2)
    lines["sold"] = replace(lines["sold"], sessions=-2)
    undone = PackageRow(
        package="Undone", sold=-1, sold_sessions=-2, sold_value=usd(0), used=0, used_value=usd(0)
    )
    points = (*nothing.trend[:-1], replace(nothing.trend[-1], sold_sessions=-2))
    paper = replace(nothing, roll_forward=tuple(lines.values()), packages=(undone,), trend=points)
    assert "<td>−2</td>" in html_of(fit(paper))


def test_hostile_names_are_only_text(text_of: Text, pages_of: Pages) -> None:
    rows = tuple(
        call_row(name, "<script>", "low", 1, None)
        for name in ("x" * 5_000, "\u0301" * 500, "<b>Ana</b>", "\u202eanA")
    )
    paper = replace(month(), follow_ups=rows)
    assert pages_of(paper) == 2
    text = text_of(paper)
    assert "<b>Ana</b>" in text
    assert "\u202e" not in text


def test_it_is_laid_out_on_a4_as_well(pages_of: Pages) -> None:
    assert pages_of(real_paper("month-spanish", "a4")) == 2


def test_it_comes_back_from_its_json_as_it_was() -> None:
    assert from_json(to_json(month())) == month()
    older = MonthPoint(date(2026, 11, 1), usd(1), usd(2), usd(3))
    assert (older.sold_sessions, older.used_sessions) == (0, 0)


def _figures(node: Any) -> list[Any]:
    """Every figure below a node of the structure tree, in reading order."""
    if isinstance(node, pikepdf.Array):
        return [figure for child in node for figure in _figures(child)]
    if not isinstance(node, pikepdf.Dictionary):
        return []
    own = [node] if node.get("/S") == "/Figure" else []
    return own + (_figures(node.K) if "/K" in node else [])
