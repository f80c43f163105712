"""Commands that bring courses in and take the ledger out."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from plugin.cli.context import opened_store
from plugin.cli.options import OPERATOR, asked_day, tell_progress
from plugin.cli.root import main
from plugin.core.acts import Act
from plugin.errors import InvalidField
from plugin.services import wall_clock


@main.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--dry-run", is_flag=True, help="Check the file and write nothing.")
@click.option("--yes", is_flag=True, help="Import without asking; a script needs this.")
@click.option(
    "--map", "fields", multiple=True, metavar="FIELD=HEADING", help="Say what a column holds, or skip it."
)
@click.option("--column", "columns", multiple=True, metavar="HEADING=FIELD", hidden=True)
@click.option(
    "--dates", type=click.Choice(["day-first", "month-first"]), help="How the file writes 03/04/2025."
)
@click.option("--sold-on", metavar="DATE", help="The date of purchase of rows that have none.")
@click.option("--encoding", default="", help="How the letters of a text file read, such as cp1252.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def import_courses(
    file: Path,
    dry_run: bool,
    yes: bool,
    fields: tuple[str, ...],
    columns: tuple[str, ...],
    dates: str | None,
    sold_on: str | None,
    encoding: str,
    as_json: bool,
) -> None:
    """Bring in the courses of FILE (CSV or XLSX) that were sold before Coursekeeper: all of them, or none.

    Shows what it takes each column for and which it skips, and asks before it writes.
    """
    from plugin.courses.imports import command

    said = command.Wishes(
        columns=(*fields, *(_turned(each) for each in columns)),
        is_day_first={None: None, "day-first": True, "month-first": False}[dates],
        sold_on=asked_day(sold_on, "--sold-on"),
        encoding=encoding,
    )

    with opened_store() as store:
        act = Act(OPERATOR, wall_clock(), secrets.token_hex(16))
        prepared = command.prepare(store, act, file, said, tell_progress)
        if isinstance(prepared, str):
            _answer({"message": prepared, "ok": True, "courses": 0, "wrong": []}, as_json=as_json)
        for sentence in (*prepared.wrong, *prepared.checked.found["mind"]):
            click.echo(sentence, err=True)
        is_written = prepared.checked.is_clean and not dry_run
        if is_written:
            _agree(prepared.checked.found["courses"], yes=yes)
            prepared = command.write(store, act, prepared)
        _answer(prepared.to_json(is_written=is_written and prepared.checked.is_clean), as_json=as_json)


def _answer(report: dict[str, Any], *, as_json: bool) -> NoReturn:
    """Say what came of it, and end."""
    click.echo(json.dumps(report) if as_json else report["message"])
    sys.exit(0 if report["ok"] else 1)


def _agree(courses: int, *, yes: bool) -> None:
    """Ask whether the columns are right; a script has to have said so."""
    if yes:
        return
    if not sys.stdin.isatty():
        said = "Nothing was written. Look at the columns above, then add --yes: without a terminal nobody can be asked."
        click.echo(said, err=True)
        sys.exit(2)
    if not click.confirm(f"Import {courses} courses with these columns?", err=True):
        click.echo("Nothing was written.", err=True)
        sys.exit(1)


def _turned(wish: str) -> str:
    heading, _, field = wish.rpartition("=")
    return f"{field or 'skip'}={heading}"


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
