"""Commands that catch up with Square."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from plugin.cli.context import connected_services
from plugin.cli.options import asked_moment
from plugin.cli.root import main


@main.command()
@click.option("--since", help="Look at everything changed since then (ISO 8601), instead of the last sweep.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def sweep(since: str | None, as_json: bool) -> None:
    """Look through Square for what the webhooks missed, and put it into the inbox."""
    from plugin.square.sync import sync as look_through

    with connected_services() as services:
        report = look_through(services, since=asked_moment(since))
    found = [dict(each) for each in report.found]
    said = {"since": report.since.isoformat(), "looked_at": report.looked_at, "found": found}
    click.echo(json.dumps(said) if as_json else f"Looked at {report.looked_at}, found {len(found)}.")


@main.group()
def inbox() -> None:
    """Look after what Square has told us."""


@inbox.command("run")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def inbox_run(as_json: bool) -> None:
    """Work off everything that is due, then exit."""
    from plugin.worker import work_off

    with connected_services() as services:
        done = work_off(services)
    text = (
        f"{done.finished} worked off, {done.waiting} wait, {done.failed} failed, {done.papers} papers made."
    )
    click.echo(json.dumps(asdict(done)) if as_json else text)
