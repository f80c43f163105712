"""Idempotency keys: a key's first answer is final; the same key with another body is refused, as in Square."""

import hashlib
import json
from collections.abc import Callable

from practice_square.refusals import Refusal
from practice_square.storage import Json, Work

# No answer of Square's has a field of this name.
_REFUSED = "practice.refused"


def once(work: Work, scope: str, body: Json, act: Callable[[], Json]) -> Json:
    """Run the act once per the body's idempotency_key, or return its first answer.

    A refused act is rolled back, so its key may be tried again, unless
    `keep_refusal` stored it.
    """
    key = body.get("idempotency_key")
    if not key:
        return act()
    fingerprint = _fingerprint(body)
    before = work.sql.execute(
        "SELECT fingerprint, answer FROM answers WHERE scope = ? AND key = ?", (scope, key)
    ).fetchone()
    if before is not None:
        return _repeat(before["fingerprint"], fingerprint, before["answer"])
    answer = act()
    work.sql.execute(
        "INSERT INTO answers (scope, key, fingerprint, answer) VALUES (?, ?, ?, ?)",
        (scope, key, fingerprint, json.dumps(answer, ensure_ascii=False)),
    )
    return answer


def keep_refusal(work: Work, scope: str, body: Json, refused: Refusal) -> None:
    """Return the same refusal to the body's key from now on, unless it was answered before."""
    key = body.get("idempotency_key")
    if not key:
        return
    answer = {_REFUSED: [refused.code, refused.detail, refused.status, refused.category, refused.field]}
    work.sql.execute(
        "INSERT OR IGNORE INTO answers (scope, key, fingerprint, answer) VALUES (?, ?, ?, ?)",
        (scope, key, _fingerprint(body), json.dumps(answer, ensure_ascii=False)),
    )


def _repeat(was: str, is_now: str, answer: str) -> Json:
    if was != is_now:
        raise Refusal(
            "IDEMPOTENCY_KEY_REUSED",
            "Different request parameters used for the same idempotency_key.",
            field="idempotency_key",
        )
    repeated: Json = json.loads(answer)
    if _REFUSED in repeated:
        code, detail, status, category, field = repeated[_REFUSED]
        raise Refusal(code, detail, status=status, category=category, field=field)
    return repeated


def _fingerprint(body: Json) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
