"""Which commit is being measured or attacked, for what a long run prints."""

import subprocess


def commit_in_short() -> str:
    """Return the short hash of the commit that is checked out; "unknown" outside a clone."""
    answer = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return answer.stdout.strip() or "unknown"
