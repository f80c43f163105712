"""Commands that write papers."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path

import click

from invoices.papers import Paper
from plugin.cli.context import opened_services
from plugin.cli.options import OPERATOR, tell_progress
from plugin.cli.root import main
from plugin.core.acts import Act
from plugin.errors import InvalidField


@main.group()
def papers() -> None:
    """Make papers."""


@papers.command("summary")
@click.argument("course")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--language", help="Language tag; the client's by default.")
def papers_summary(course: str, file: Path, language: str | None) -> None:
    """Write the summary of COURSE (its id) to FILE as PDF."""
    from plugin.courses.handouts.cache import paper_bytes
    from plugin.courses.handouts.content import summary_paper

    with opened_services() as services:
        act = Act(OPERATOR, services.clock(), secrets.token_hex(16))
        pdf = paper_bytes(
            services.store,
            services.render,
            act,
            course,
            "summary",
            language=language,
            public_url=services.settings.public_url,
        )
        _tell_missing_letters(summary_paper(services.store, course, now=act.now, language=language))
    _written(file, pdf)


@papers.command("aftercare")
@click.argument("course")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--visit", help="Id of the visit; the latest by default.")
@click.option("--language", help="Language tag; the client's by default.")
def papers_aftercare(course: str, file: Path, visit: str | None, language: str | None) -> None:
    """Write the aftercare sheet of COURSE (its id) to FILE as PDF."""
    from plugin.courses.handouts.cache import paper_bytes
    from plugin.courses.handouts.content import aftercare_paper

    with opened_services() as services:
        act = Act(OPERATOR, services.clock(), secrets.token_hex(16))
        pdf = paper_bytes(
            services.store, services.render, act, course, "aftercare", visit_id=visit, language=language
        )
        _tell_missing_letters(
            aftercare_paper(services.store, course, now=act.now, visit_id=visit, language=language)
        )
    _written(file, pdf)


@papers.command("invoice")
@click.argument("course")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def papers_invoice(course: str, file: Path) -> None:
    """Write the invoice of COURSE (its id) to FILE as PDF; it is issued now where that was not done."""
    from plugin.courses.documents.files import document_bytes
    from plugin.courses.documents.on_demand import invoice_of_course

    with opened_services() as services:
        act = Act(OPERATOR, services.clock(), secrets.token_hex(16))
        document_id = invoice_of_course(services.store, act, course)
        pdf = document_bytes(services.store, services.render, document_id, now=act.now)
    _written(file, pdf)


@papers.command("statement")
@click.argument("course")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def papers_statement(course: str, file: Path) -> None:
    """Write the statement of account of COURSE (its id) to FILE as PDF: its invoice, payments and refunds so far."""
    from plugin.courses.documents.statement import statement_of_course

    with opened_services() as services:
        act = Act(OPERATOR, services.clock(), secrets.token_hex(16))
        made = statement_of_course(services.store, services.render, act, course)
    _written(file, made.pdf)


@papers.command("voucher")
@click.argument("course")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def papers_voucher(course: str, file: Path) -> None:
    """Write the gift voucher of COURSE (its id) to FILE as PDF."""
    from plugin.courses.documents.files import document_bytes
    from plugin.courses.documents.on_demand import voucher_of_course

    with opened_services() as services:
        act = Act(OPERATOR, services.clock(), secrets.token_hex(16))
        document_id = voucher_of_course(services.store, act, course)
        pdf = document_bytes(services.store, services.render, document_id, now=act.now)
    _written(file, pdf)


@papers.command("document")
@click.argument("number")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def papers_document(number: str, file: Path) -> None:
    """Write the invoice, credit note or voucher of NUMBER to FILE as PDF, the same bytes each time."""
    from plugin.courses.documents.files import document_bytes
    from plugin.courses.documents.read import document_by_number

    with opened_services() as services:
        document = document_by_number(services.store, number)
        pdf = document_bytes(services.store, services.render, document.id, now=services.clock())
    _written(file, pdf)


def _tell_missing_letters(paper: Paper) -> None:
    from invoices.press.glyphs import missing

    for each in missing(paper):
        click.echo(each.sentence, err=True)


def _written(file: Path, pdf: bytes) -> None:
    try:
        file.write_bytes(pdf)
    except OSError as error:
        raise InvalidField(f"{file} can't be written: {error.strerror}.", field="file") from None
    click.echo(f"Written to {file}.")


@papers.command("month")
@click.argument("month")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def papers_month(month: str, file: Path) -> None:
    """Write the owner's MONTH, such as 2026-11, to FILE as PDF."""
    from plugin.courses.reports.month import asked_month, month_pdf

    with opened_services() as services:
        pdf = month_pdf(services.store, services.render, asked_month(month), now=services.clock())
    _written(file, pdf)


@papers.command("batch")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--clients", required=True, metavar="all|FILE", help="Everybody, or a file with one in each line."
)
@click.option(
    "--papers", "kinds", default="summary", show_default=True, help="Of summary, aftercare and invoice."
)
@click.option("--form", type=click.Choice(["pdf", "zip"]), default="pdf", show_default=True, help="Of OUT.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def papers_batch(out: Path, clients: str, kinds: str, form: str, as_json: bool) -> None:
    """Write the papers of many clients to OUT, as one PDF to print or a ZIP with a file for each paper."""
    from plugin.courses.handouts.batch_command import clients_named, write_batch
    from plugin.courses.handouts.batch_run import Printer
    from plugin.courses.handouts.selection import Choice

    with opened_services() as services:
        act = Act(OPERATOR, services.clock(), secrets.token_hex(16))
        printer = Printer(services.store, services.render, services.settings.public_url)
        wanted = tuple(each.strip() for each in kinds.split(",") if each.strip())
        choice = Choice(clients_named(services.store, act, clients), wanted)
        made = write_batch(printer, act, choice, form, out, say=tell_progress)
    for sentence in made.sentences:
        click.echo(sentence, err=True)
    click.echo(json.dumps(made.to_json()) if as_json else f"{made.papers} papers written to {out}.")
    sys.exit(0 if made.papers else 1)
