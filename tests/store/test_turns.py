"""The lock around SQLite's writers: in the order in which they asked, whatever becomes of one who waits."""

import threading
import time
from collections.abc import Callable

import pytest

from plugin.store.turns import Turns


def _waiting(turns: Turns, names: str, had: list[str], hold: Callable[[], None]) -> list[threading.Thread]:
    """Let a thread for each name wait for its turn, one after the other."""

    def take(name: str) -> None:
        with turns:
            had.append(name)
            hold()

    threads = []
    for number, name in enumerate(names):
        threads.append(threading.Thread(target=take, args=(name,), daemon=True))
        threads[-1].start()
        while len(turns._waiting) <= number:
            time.sleep(0.001)
    return threads


def test_turns_are_had_in_the_order_in_which_they_were_asked_for() -> None:
    turns, had, inside = Turns(), list[str](), list[int]()

    def alone() -> None:
        inside.append(1)
        time.sleep(0.001)
        assert len(inside) == 1
        inside.pop()

    with turns:
        threads = _waiting(turns, "abcdef", had, alone)
    # Comes at once, and last.
    with turns:
        had.append("late")
    for thread in threads:
        thread.join(timeout=30)
    assert had == [*"abcdef", "late"]


def test_a_turn_that_fails_is_passed_on() -> None:
    turns, had = Turns(), list[str]()

    def fail() -> None:
        with turns:
            threads.extend(_waiting(turns, "a", had, lambda: None))
            raise ValueError("out of ink")

    threads = list[threading.Thread]()
    with pytest.raises(ValueError, match="ink"):
        fail()
    threads[0].join(timeout=30)
    assert had == ["a"]
    with turns:
        pass


@pytest.mark.parametrize("is_passed_on", [False, True])
def test_who_gives_up_waiting_leaves_the_turn_to_the_others(
    monkeypatch: pytest.MonkeyPatch, is_passed_on: bool
) -> None:
    turns = Turns()

    class Lock:
        """Raises where it is waited for, as a signal does, before or after it was released."""

        def __init__(self) -> None:
            self.asked = 0

        def acquire(self) -> None:
            self.asked += 1
            if self.asked == 2:
                if is_passed_on:
                    turns.__exit__()
                raise KeyboardInterrupt

        def release(self) -> None:
            """Release."""

    turns.__enter__()
    # Another thread's.
    turns._owner = 0
    with monkeypatch.context() as patch:
        patch.setattr("plugin.store.turns.threading.Lock", Lock)
        with pytest.raises(KeyboardInterrupt):
            turns.__enter__()
    if not is_passed_on:
        turns.__exit__()
    with turns:
        assert not turns._waiting


def test_a_turn_within_ones_own_ends_with_the_outer_one() -> None:
    turns, had = Turns(), list[str]()
    with turns:
        threads = _waiting(turns, "a", had, lambda: None)
        with turns:
            pass
        time.sleep(0.05)
        assert had == []
    threads[0].join(timeout=30)
    assert had == ["a"]
