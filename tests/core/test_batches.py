from plugin.core.batches import batched


def test_values_come_in_lists_the_last_one_shorter() -> None:
    assert list(batched("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(batched([], 2)) == []


def test_no_more_is_read_than_asked_for() -> None:
    values = iter(range(9))
    assert next(batched(values, 3)) == [0, 1, 2]
    assert next(values) == 3
