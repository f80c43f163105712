"""Which commit is being measured or attacked, for what a long run prints."""

from __future__ import annotations

import subprocess


def commit_in_short() -> str:
    """Return the short hash of the commit that is checked out; "unknown" outside a clone."""
    answer = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return answer.stdout.strip() or "unknown"
