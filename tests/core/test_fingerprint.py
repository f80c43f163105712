"""The hash of an entry never changes: whoever kept one must find it again."""

import time
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from plugin.core.fingerprint import (
    entry_fingerprint,
    fingerprint,
    reason_fingerprint,
    seal_fingerprint,
    time_text,
)

AT = datetime(2026, 3, 1, 17, 30, tzinfo=UTC)


def test_it_is_the_sha256_of_a_json_array() -> None:
    # printf '["","e1",1,"S\u00e1nchez",null,"2026-03-01 17:30:00.000000","2026-03-01"]' | sha256sum
    assert entry_fingerprint("", ["e1", 1, "Sánchez", None, AT, date(2026, 3, 1)]) == (
        "cf0295af7996c672cfc2875dc7e0f968421b5f1e76478184c69b27e7d61c231c"
    )


def test_an_entry_and_a_seal_follow_from_the_hash_before_theirs() -> None:
    # printf '["ab","e1",1]' | sha256sum
    assert entry_fingerprint("ab", ["e1", 1]) == (
        "cf2786367ddeb3a9742a053b6cd8a6b8dece4d89507fb6d495b878b22aab6325"
    )
    # printf '["ab",2,"2026-03-01 17:30:00.000000",[["course","c1",1,"0f"],["entry","e1",1,"1f"]]]' | sha256sum
    rows = [("entry", "e1", 1, "1f"), ("course", "c1", 1, "0f")]
    assert seal_fingerprint("ab", 2, AT, rows) == (
        "b90b693e38b3a68f74c76ceb3901b55e3e2e22ab0febf2ddc81dcadff57841f2"
    )


def test_values_can_not_run_into_each_other() -> None:
    assert fingerprint(["ab", "c"]) != fingerprint(["a", "bc"])
    assert fingerprint(["1"]) != fingerprint([1])
    assert fingerprint([""]) != fingerprint([None])


def test_a_time_is_hashed_in_utc_as_it_is_stored() -> None:
    assert time_text(AT.astimezone(timezone(timedelta(hours=-5)))) == "2026-03-01 17:30:00.000000"
    assert fingerprint([AT]) == fingerprint(["2026-03-01 17:30:00.000000"])


def test_what_has_no_one_text_is_refused() -> None:
    with pytest.raises(TypeError):
        fingerprint([b"bytes"])


def test_a_time_is_hashed_alike_in_any_time_zone_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "America/Los_Angeles")
        time.tzset()
        told = [time_text(AT), time_text(AT.replace(tzinfo=None))]
    time.tzset()
    assert told == ["2026-03-01 17:30:00.000000"] * 2


def test_a_reason_is_hashed_with_its_salt_and_none_has_no_hash() -> None:
    assert reason_fingerprint("salt", "Moved away") == fingerprint(["salt", "Moved away"])
    assert reason_fingerprint("salt", "") == ""
