"""The command that checks an installation."""

import json
import os
import sys

import click

from plugin.cli.root import AS_JSON, main


@main.command()
@AS_JSON
@click.option("--online", is_flag=True, help="Also call Square, the mail server and the public address.")
def doctor(as_json: bool, online: bool) -> None:
    """Check everything an installation needs, and print how to fix what is wrong.

    Exits with 1 if something is wrong; a warning alone exits with 0.
    """
    from plugin.doctor.examine import examine
    from plugin.doctor.finding import State

    found = []
    for each in examine(os.environ, is_online=online):
        found.append(each)
        if not as_json:
            mend = f" {each.mend}" if each.mend else ""
            click.echo(f"{each.state.value:8} {each.check}: {each.said}{mend}")
    if as_json:
        rows = [
            {"check": each.check, "state": each.state.value, "message": each.said, "fix": each.mend}
            for each in found
        ]
        click.echo(json.dumps({"findings": rows}))
    sys.exit(1 if any(each.state is State.WRONG for each in found) else 0)
