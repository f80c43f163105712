"""Commands that sync with Square."""

from dataclasses import asdict

import click

from plugin.cli.root import AS_JSON, connected_services, main, parsed_moment, report


@main.command()
@click.option(
    "--since", metavar="TIME", help="Start here (ISO 8601); by default where the last sweep started."
)
@AS_JSON
def sweep(since: str | None, as_json: bool) -> None:
    """Find events in Square that the webhooks missed and add them to the inbox."""
    from plugin.square.sync import sync

    with connected_services() as services:
        swept = sync(services, since=parsed_moment(since, "--since"))
    found = [dict(each) for each in swept.found]
    result = {"since": swept.since.isoformat(), "looked_at": swept.looked_at, "found": found}
    report(result, f"Looked at {swept.looked_at}, found {len(found)}.", as_json=as_json)


@main.group()
def inbox() -> None:
    """Process events from Square."""


@inbox.command("run")
@AS_JSON
def inbox_run(as_json: bool) -> None:
    """Process all events and jobs that are due, then exit."""
    from plugin.worker import work_off

    with connected_services() as services:
        done = work_off(services)
    sentence = (
        f"{done.finished} done, {done.waiting} waiting, {done.failed} failed, {done.papers} papers made."
    )
    report(asdict(done), sentence, as_json=as_json)
