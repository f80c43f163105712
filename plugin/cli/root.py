"""The command `coursekeeper` itself, and how errors of any command are reported."""

from typing import Any

import click

from plugin.errors import ConfigurationError, CoursekeeperError
from plugin.version import VERSION

# PostgreSQL's code of a privilege that the role lacks.
_NOT_ALLOWED = "42501"


class Commands(click.Group):
    """Prints an expected error as one sentence on standard error; exit code 2 for settings, else 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
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
