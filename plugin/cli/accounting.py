"""Commands for the accountant."""

import sys
from pathlib import Path

import click

from plugin.cli.root import main, opened_store, operator_act
from plugin.services import wall_clock


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
    from plugin.courses.journal.files import JournalFormat, journal_file
    from plugin.courses.journal.keep import keep_money
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
