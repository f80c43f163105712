"""Times as some of Square's answers and events write them: without milliseconds."""

import re
from typing import Any

_MILLISECONDS = re.compile(r"(T\d\d:\d\d:\d\d)\.\d{3}Z\Z")
_NAMES = re.compile(r".+_(at|until)\Z")


def with_times(told: Any, times: str) -> Any:
    """Return the JSON with its times in "seconds", or "mixed": milliseconds in `created_at` alone."""
    if isinstance(told, list):
        return [with_times(one, times) for one in told]
    if not isinstance(told, dict):
        return told
    return {name: _written(name, value, times) for name, value in told.items()}


def _written(name: str, value: Any, times: str) -> Any:
    if not isinstance(value, str):
        return with_times(value, times)
    is_kept = times == "mixed" and name == "created_at"
    return _MILLISECONDS.sub(r"\1Z", value) if _NAMES.match(name) and not is_kept else value
