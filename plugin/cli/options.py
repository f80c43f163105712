"""What is typed at the command line, read; and who is said to have done it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import click

from plugin.core.acts import Actor, Role, Source
from plugin.errors import InvalidField

OPERATOR = Actor("Operator", Role.OWNER, Source.COMMAND)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
PORT = click.IntRange(1, 65535)
ROLE = click.Choice([role.value for role in Role])


def asked_day(text: str | None, option: str) -> date | None:
    """Read a day; raises InvalidField."""
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise InvalidField(f"{option} is a day such as 2026-11-01.", field=option) from None


def asked_moment(text: str | None) -> datetime | None:
    """Read a time, in UTC where no zone is said; raises InvalidField."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidField("--since is a time such as 2026-11-22T08:00:00Z.", field="since") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def tell_progress(text: str) -> None:
    """Say how far it is, beside the answer."""
    click.echo(text, err=True)
