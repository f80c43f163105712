"""A whole day at the clinic, every kind of sale and refund, a fault on for most: in the evening both sums agree."""

from pathlib import Path

from tests.stories.day.harness import open_stage
from tests.stories.day.play import compare, opening_time, play_day
from tests.stories.day.scenarios import DAY


def test_the_days_sums_agree_and_the_audit_is_clean() -> None:
    told: list[str] = []
    outcome = play_day(told.append)
    assert outcome.faults == ()
    assert outcome.ledger.units == 31
    assert len([line for line in told if line[:2].isdigit()]) == len(DAY) >= 40


def test_a_sale_that_was_missed_is_told_in_the_evening(tmp_path: Path) -> None:
    start = opening_time()
    with open_stage(tmp_path, start) as stage:
        stage.sell(stage.line(12), to="Maribel", delivered=False)
        told: list[str] = []
        outcome = compare(stage, start, told.append)
    assert not outcome.is_right
    assert "Packages sold: Square says 1, the ledger 0." in outcome.faults
    assert any(line.startswith("WRONG") for line in told)
