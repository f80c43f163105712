"""Commands that import courses, export the ledger, and write files for the accountant."""

import sys
from pathlib import Path

import click

from plugin.cli.root import AS_JSON, main, note, opened_store, operator_act, parsed_day, report
from plugin.errors import InvalidField
from plugin.services import wall_clock

_IS_DAY_FIRST = {None: None, "day-first": True, "month-first": False}


@main.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--dry-run", is_flag=True, help="Check the file and write nothing.")
@click.option("--yes", is_flag=True, help="Import without asking; required in scripts.")
@click.option(
    "--map", "fields", multiple=True, metavar="FIELD=HEADING", help="Map a column to a field, or to skip."
)
@click.option("--column", "columns", multiple=True, metavar="HEADING=FIELD", hidden=True)
@click.option(
    "--dates", type=click.Choice(["day-first", "month-first"]), help="How the file writes 03/04/2025."
)
@click.option("--sold-on", metavar="DATE", help="Date of purchase for rows that have none.")
@click.option("--encoding", default="", help="Encoding of a text file, such as cp1252.")
@AS_JSON
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
    """Import courses that were sold before Coursekeeper from FILE (CSV or XLSX).

    Imports all rows or none. Shows how each column is mapped and asks before it writes.
    """
    from plugin.courses.imports import run

    wishes = run.Wishes(
        columns=(*fields, *(_turned(each) for each in columns)),
        is_day_first=_IS_DAY_FIRST[dates],
        sold_on=parsed_day(sold_on, "--sold-on"),
        encoding=encoding,
    )
    with opened_store() as store:
        act = operator_act()
        prepared = run.prepare(store, act, file, wishes, note)
        if isinstance(prepared, str):
            report({"message": prepared, "ok": True, "courses": 0, "wrong": []}, prepared, as_json=as_json)
            return
        for sentence in (*prepared.wrong, *prepared.checked.found["mind"]):
            note(sentence)
        is_written = prepared.checked.is_clean and not dry_run
        if is_written:
            _confirm(prepared.checked.found["courses"], yes=yes)
            prepared = run.write(store, act, prepared)
        result = prepared.to_json(is_written=is_written and prepared.checked.is_clean)
    report(result, result["message"], as_json=as_json)
    sys.exit(0 if result["ok"] else 1)


def _confirm(courses: int, *, yes: bool) -> None:
    """Ask for confirmation of the columns; a script has to pass `--yes`."""
    if yes:
        return
    if not sys.stdin.isatty():
        note("Nothing was written. Check the columns above, then add --yes: without a terminal I can’t ask.")
        sys.exit(2)
    if not click.confirm(f"Import {courses} courses with these columns?", err=True):
        note("Nothing was written.")
        sys.exit(1)


def _turned(mapping: str) -> str:
    heading, _, field = mapping.rpartition("=")
    return f"{field or 'skip'}={heading}"


@main.command()
@click.argument("what", type=click.Choice(["courses", "entries", "liability"]))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--format", "form", type=click.Choice(["csv", "xlsx"]), required=True, help="File format.")
@click.option("--from", "first", metavar="DATE", help="First day, such as 2026-11-01.")
@click.option("--to", "last", metavar="DATE", help="Last day, included.")
def export(what: str, file: Path | None, form: str, first: str | None, last: str | None) -> None:
    """Export all courses, all entries or the liability report to FILE or standard output."""
    from plugin.courses.base.sheet import Format, write
    from plugin.courses.privacy.access_log import record_download
    from plugin.courses.reports.exports import Export, export_sheet

    if file is None and form == "xlsx" and sys.stdout.isatty():
        raise InvalidField("An XLSX file can’t be printed here. Name a FILE.", field="file")
    days = parsed_day(first, "--from"), parsed_day(last, "--to")
    with opened_store() as store:
        sheet = export_sheet(store, Export(what), *days, now=wall_clock())
        record_download(store, operator_act(), f"{what}.{form}")
    if file is None:
        write(sheet, Format(form), sys.stdout.buffer, for_people=False)
        return
    with file.open("wb") as out:
        write(sheet, Format(form), out, for_people=False)
    click.echo(f"Written to {file}.")


@main.command()
@click.argument("month", metavar="MONTH")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["quickbooks", "xero", "beancount"]),
    required=True,
    help="The program that takes it.",
)
@click.option("--to", "last", metavar="MONTH", help="Last month, included.")
@click.option("--currency", default="", help="Another currency than the clinic’s, such as EUR.")
def journal(month: str, file: Path | None, form: str, last: str | None, currency: str) -> None:
    """Write the accountant's journal of MONTH, such as 2026-11, to FILE or standard output."""
    from plugin.courses.journal.keep import keep_money
    from plugin.courses.journal.month import JournalFormat, journal_file
    from plugin.courses.journal.month import journal as journal_of
    from plugin.courses.privacy.access_log import record_download
    from plugin.courses.reports.month import asked_month
    from plugin.courses.reports.period import Period, month_of

    period = Period(asked_month(month), month_of(asked_month(last or month)).last)
    with opened_store() as store:
        keep_money(store, wall_clock)
        made = journal_file(journal_of(store, period, currency=currency), JournalFormat(form))
        record_download(store, operator_act(), made.name)
    if file is None:
        sys.stdout.buffer.write(made.to_bytes())
        return
    file.write_bytes(made.to_bytes())
    click.echo(f"Written to {file}.")
