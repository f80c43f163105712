"""Arguments and options that commands share, and what they print."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from plugin.core.acts import Role
from plugin.errors import InvalidField

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
PORT = click.IntRange(1, 65535)
ROLE = click.Choice([role.value for role in Role])


def parsed_day(text: str | None, option: str) -> date | None:
    """Parse a date; raises InvalidField."""
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise InvalidField(f"{option} must be a date such as 2026-11-01.", field=option) from None


def parsed_moment(text: str | None, option: str) -> datetime | None:
    """Parse a time, as UTC where it has no zone; raises InvalidField."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidField(f"{option} must be a time such as 2026-11-22T08:00:00Z.", field=option) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def note(text: str) -> None:
    """Print progress or a warning on standard error, apart from the result."""
    click.echo(text, err=True)


def report(result: Any, sentence: str, *, as_json: bool) -> None:
    """Print a result as JSON, or as a sentence."""
    click.echo(json.dumps(result) if as_json else sentence)


def print_rows(rows: Sequence[Mapping[str, str | None]], *, as_json: bool, when_empty: str) -> None:
    """Print rows as a table with headings, each column as wide as its longest value."""
    if as_json or not rows:
        report(rows, when_empty, as_json=as_json)
        return
    headings = list(rows[0])
    table = [[name.replace("_", " ").upper() for name in headings]]
    table += [[row[name] or "-" for name in headings] for row in rows]
    widths = [max(len(line[place]) for line in table) for place in range(len(headings))]
    for line in table:
        click.echo("  ".join(f"{value:<{width}}" for value, width in zip(line, widths, strict=True)).rstrip())
