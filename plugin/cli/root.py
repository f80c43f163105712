"""The command `coursekeeper` itself: how it fails, and what it is called."""

from __future__ import annotations

from typing import Any

import click

from plugin.errors import ConfigurationError, CoursekeeperError
from plugin.version import VERSION


class Commands(click.Group):
    """Turns our errors into one sentence on standard error: 2 for settings, 1 for a refusal."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ConfigurationError as error:
            click.echo(error.message, err=True)
            ctx.exit(2)
        except CoursekeeperError as error:
            click.echo(error.message, err=True)
            ctx.exit(1)


@click.group(cls=Commands)
@click.version_option(VERSION, prog_name="coursekeeper")
def main() -> None:
    """Coursekeeper: prepaid session packages beside a Square till."""
