"""When an alarm is told: once when it begins, daily while it lasts, once when it ends, and never as a flood."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from plugin.alarms.condition import Episode, Phase, after_look

START = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
CONFIRM = timedelta(minutes=2)
MINUTE = timedelta(minutes=1)


def told(looks: Iterable[bool], episode: Episode | None = None) -> list[tuple[int, Phase]]:
    """Look once a minute; return in which minute what was told."""
    episode, found = episode or Episode(), []
    for minute, is_wrong in enumerate(looks):
        episode, phase = after_look(episode, is_wrong=is_wrong, now=START + minute * MINUTE, confirm=CONFIRM)
        if phase is not None:
            found.append((minute, phase))
    return found


def test_it_is_told_when_it_is_confirmed_and_when_it_has_settled() -> None:
    assert told([True] * 30 + [False] * 30) == [(2, Phase.BEGAN), (40, Phase.ENDED)]


def test_what_passes_before_it_is_confirmed_is_never_told() -> None:
    assert told([True, True, False] * 20) == []


def test_one_that_lasts_is_told_again_once_a_day() -> None:
    looks = told([True] * (3 * 24 * 60))
    assert looks == [(2, Phase.BEGAN), (1442, Phase.REMINDER), (2882, Phase.REMINDER)]


def test_one_that_comes_and_goes_every_few_minutes_is_one_alarm() -> None:
    assert told(([True] * 5 + [False] * 5) * 100) == [(2, Phase.BEGAN)]


def test_one_that_comes_back_ends_later_each_time() -> None:
    hour = [True] * 15 + [False] * 45
    told_in_a_day = told(hour * 24)
    assert len(told_in_a_day) <= 8
    assert [phase for _, phase in told_in_a_day][:4] == [Phase.BEGAN, Phase.ENDED] * 2


def test_after_a_calm_day_it_ends_as_soon_as_at_first() -> None:
    looks = [True] * 5 + [False] * (2 * 24 * 60) + [True] * 5 + [False] * 11
    assert told(looks)[-1] == (len(looks) - 1, Phase.ENDED)


def test_a_restart_tells_nothing_again() -> None:
    before, _ = after_look(Episode(), is_wrong=True, now=START, confirm=timedelta())
    assert before.began_at == START
    assert told([True] * 60, before) == []


def test_a_clock_set_back_neither_ends_nor_repeats_it() -> None:
    ahead = Episode(bad_since=START + timedelta(days=365))
    assert told([True] * 3, ahead) == [(2, Phase.BEGAN)]
    settling = Episode(began_at=START, told_at=START, good_since=START + timedelta(days=365))
    assert told([False] * 11, settling) == [(10, Phase.ENDED)]
