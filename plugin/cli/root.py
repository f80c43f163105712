"""The command `coursekeeper` itself: errors, arguments that commands share, and services opened around each."""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from plugin.core.acts import OPERATOR, Act, Role
from plugin.errors import ConfigurationError, CoursekeeperError, InvalidField
from plugin.services import Services, wall_clock
from plugin.settings import read_settings
from plugin.store import Store
from plugin.version import VERSION

# PostgreSQL's code of a privilege that the role lacks.
_NOT_ALLOWED = "42501"


class Commands(click.Group):
    """Prints an expected error as one sentence on standard error; exit code 2 for settings, else 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The reader of the output has closed it; click exits silently.
            raise
        except Exception as error:
            sentence, exit_code = _explained(error)
            click.echo(sentence, err=True)
            ctx.exit(exit_code)


def _explained(error: Exception) -> tuple[str, int]:
    """Return a sentence and an exit code; re-raises an unexpected error, whose traceback locates it."""
    from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError

    if isinstance(error, CoursekeeperError):
        return error.message, 2 if isinstance(error, ConfigurationError) else 1
    if isinstance(error, OSError):
        return f"{error.filename or 'A file'} can’t be used: {error.strerror}.", 1
    if type(error) in (DatabaseError, InterfaceError, OperationalError):
        reason = str(error).partition("\n")[0]
        return f"The database can’t be used: {reason}. Check DATABASE_URL.", 2
    if isinstance(error, DatabaseError) and getattr(error.orig, "sqlstate", "") == _NOT_ALLOWED:
        return (
            f"The user of DATABASE_URL may not do this: {error.orig}. See coursekeeper db grants --help.",
            2,
        )
    raise error


@click.group(cls=Commands)
@click.version_option(VERSION, prog_name="coursekeeper")
def main() -> None:
    """Prepaid session packages beside Square: courses, their ledger and their papers.

    Settings come from environment variables such as DATABASE_URL; docs/operate.md lists them.
    """


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


def operator_act() -> Act:
    """Return the act of the person at the command line, with an owner's rights."""
    return Act(OPERATOR, wall_clock(), secrets.token_hex(16))


@contextmanager
def opened_store() -> Iterator[Store]:
    """Open the database of the settings, creating tables in an empty one; raises ConfigurationError."""
    from plugin.start import prepare

    settings = prepare(read_settings())
    with Store(settings.database_url) as store:
        yield store


@contextmanager
def opened_services() -> Iterator[Services]:
    """Open all services of the settings; raises ConfigurationError."""
    from plugin.bootstrap import open_services
    from plugin.start import prepare

    with closing(open_services(prepare(read_settings()))) as services:
        yield services


@contextmanager
def connected_services() -> Iterator[Services]:
    """Open all services, Square included; raises ConfigurationError where Square is not connected."""
    from plugin.courses.square_health import read_connection

    with opened_services() as services:
        if not read_connection(services.store).has_permission:
            services.settings.needing("square_access_token")
        yield services
