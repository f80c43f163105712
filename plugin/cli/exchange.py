"""Commands that bring courses in and take the ledger out."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path

import click

from plugin.cli.opened import opened_store
from plugin.cli.root import main
from plugin.cli.words import OPERATOR, asked_day, tell_progress
from plugin.core.acts import Act
from plugin.errors import InvalidField
from plugin.house import wall_clock


@main.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--dry-run", is_flag=True, help="Check the file and write nothing.")
@click.option("--column", "columns", multiple=True, metavar="HEADING=FIELD", help="Say what a column holds.")
@click.option(
    "--dates", type=click.Choice(["day-first", "month-first"]), help="How the file writes 03/04/2025."
)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def import_courses(
    file: Path, dry_run: bool, columns: tuple[str, ...], dates: str | None, as_json: bool
) -> None:
    """Bring in the courses of FILE (CSV or XLSX) that were sold before Coursekeeper: all of them, or none."""
    from plugin.courses.imports.command import bring_in

    with opened_store() as store:
        act = Act(OPERATOR, wall_clock(), secrets.token_hex(16))
        done = bring_in(store, act, file, named=columns, dates=dates, is_dry=dry_run, say=tell_progress)
    for sentence in done.wrong:
        click.echo(sentence, err=True)
    click.echo(json.dumps(done.to_json()) if as_json else done.says)
    sys.exit(0 if done.is_right else 1)


@main.command()
@click.argument("what", type=click.Choice(["courses", "entries", "liability"]))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--format", "form", type=click.Choice(["csv", "xlsx"]), required=True, help="The kind of file.")
@click.option("--from", "first", help="The first day, such as 2026-11-01.")
@click.option("--to", "last", help="The last day, counted in.")
def export(what: str, file: Path | None, form: str, first: str | None, last: str | None) -> None:
    """Write all courses or entries, or the roll-forward of money owed, to FILE or to standard output."""
    from plugin.courses.reports.exports import Export, export_sheet
    from plugin.courses.reports.sheet import Format, write

    if file is None and form == "xlsx" and sys.stdout.isatty():
        raise InvalidField("An XLSX file can't be shown here; name a FILE.", field="file")
    days = asked_day(first, "--from"), asked_day(last, "--to")
    with opened_store() as store:
        sheet = export_sheet(store, Export(what), *days, now=wall_clock())
        if file is None:
            write(sheet, Format(form), sys.stdout.buffer, for_people=False)
            return
        with file.open("wb") as out:
            write(sheet, Format(form), out, for_people=False)
    click.echo(f"Written to {file}.")
