"""`coursekeeper demo --day`: a clinic's day with faults, after which both sides' totals must be equal.

Square's own totals and the ledger's are computed apart; a clean audit and equal totals are the test.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from plugin.core.money import Money
from plugin.courses.attention.items import list_attention
from plugin.courses.audit import audit
from plugin.courses.base.words import format_money
from plugin.courses.reports.totals import keep_totals
from plugin.services import wall_clock
from tests.stories.day.harness import Stage, open_stage
from tests.stories.day.scenarios import DAY, Scenario
from tests.stories.day.totals import Totals, ledger_totals, roll_forward, square_totals

OPENS_AT = time(9, 0)
LOCAL = ZoneInfo("America/Los_Angeles")
_BETWEEN_MINUTES = 13
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the day ended: both sides' totals, what does not add up, how many attention items are open."""

    square: Totals
    ledger: Totals
    faults: tuple[str, ...]
    questions: int

    @property
    def is_right(self) -> bool:
        """Say whether all totals agree and the audit is clean."""
        return not self.faults


def play_day(say: Say = print) -> Outcome:
    """Play the whole day in a temporary folder, and compare both sides."""
    start = opening_time()
    with tempfile.TemporaryDirectory() as folder, open_stage(Path(folder), start) as stage:
        for scenario in DAY:
            _play(stage, scenario, say)
        _close_up(stage, say)
        return compare(stage, start, say)


def opening_time() -> datetime:
    """Return when the clinic opens today."""
    return datetime.combine(wall_clock().astimezone(LOCAL).date(), OPENS_AT, LOCAL)


def _play(stage: Stage, scenario: Scenario, say: Say) -> None:
    stage.till.set_faults()
    if scenario.faults:
        stage.till.set_faults(**scenario.faults)
    scenario.play(stage)
    stage.settle()
    at = stage.clock().astimezone(LOCAL)
    say(f"{at:%H:%M}  {scenario.title}{_fault_note(scenario)}")
    stage.clock.advance(minutes=_BETWEEN_MINUTES)


def _fault_note(scenario: Scenario) -> str:
    return f"   [{scenario.fault}]" if scenario.fault else ""


def _close_up(stage: Stage, say: Say) -> None:
    """Turn the faults off, sync once, and handle what was missed."""
    stage.till.set_faults()
    stage.clock.advance(minutes=6)
    stage.settle()
    found = stage.sync()
    stage.settle()
    say(f"\nThe evening's sync found {found} objects that no event had reported.")


def compare(stage: Stage, start: datetime, say: Say) -> Outcome:
    """Print both sides' totals, and what does not add up."""
    store = stage.services.store
    square, ledger = square_totals(stage.services, start - timedelta(days=4)), ledger_totals(store)
    by_kind, owed = roll_forward(store)
    keep_totals(store)
    findings = audit(store)
    faults = [
        f"{what}: Square says {theirs}, the ledger {ours}."
        for what, theirs, ours in (
            ("Packages sold", square.units, ledger.units),
            ("Paid", dict(square.came), dict(ledger.came)),
            ("Refunded", dict(square.went_back), dict(ledger.went_back)),
            ("Deferred value", sum(by_kind.values()), owed),
        )
        if theirs != ours
    ]
    faults += [finding.sentence for finding in findings]
    say("")
    say(f"{'':24}{'Square':>16}{'ledger':>16}")
    say(f"{'Packages sold':24}{square.units:>16}{ledger.units:>16}")
    for currency in sorted({*square.came, *ledger.came}):
        say(_row("Paid", currency, square.came[currency], ledger.came[currency]))
        say(_row("Refunded", currency, square.went_back[currency], ledger.went_back[currency]))
    for sentence in faults:
        say(f"WRONG  {sentence}")
    questions = len(list_attention(store, limit=200).rows)
    say(
        f"\nAudit: {'clean' if not findings else f'{len(findings)} wrong'}. {questions} items wait under Attention."
    )
    return Outcome(square, ledger, tuple(faults), questions)


def _row(what: str, currency: str, theirs: int, ours: int) -> str:
    told = [format_money(Money(amount, currency)) for amount in (theirs, ours)]
    return f"{what:24}{told[0]:>16}{told[1]:>16}"
