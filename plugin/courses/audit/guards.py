"""The triggers that refuse a change of what is written once are there, and on."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

from plugin.courses.audit.finding import Finding
from plugin.store.totals import TRIGGER
from plugin.store.triggers import guard_names

_THERE = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')",
}


def guards(session: Session) -> Iterator[Finding]:
    """Check that the database still refuses to change or delete what is written once."""
    engine = session.get_bind().dialect.name
    there = set(session.scalars(text(_THERE[engine])))
    for name in sorted({*guard_names(engine), TRIGGER} - there):
        yield Finding(
            "trigger", name, "This trigger is gone: the database no longer refuses what it refused."
        )
