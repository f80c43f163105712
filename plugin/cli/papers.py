"""Commands that write papers as PDF."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from invoices.papers import Paper
from plugin.cli.root import AS_JSON, FILE, main, note, opened_services, operator_act, report
from plugin.core.acts import Act
from plugin.services import Services
from plugin.store import Store

COURSE = click.argument("course", metavar="COURSE_ID")
LANGUAGE = click.option(
    "--language", metavar="TAG", help="Language, such as es; by default the client’s own."
)


@main.group()
def papers() -> None:
    """Write papers as PDF."""


@papers.command("summary")
@COURSE
@FILE
@LANGUAGE
def papers_summary(course: str, file: Path, language: str | None) -> None:
    """Write the summary of a course to FILE."""
    from plugin.courses.handouts.cache import hand_out
    from plugin.courses.handouts.content import summary_paper

    def draw(services: Services, act: Act) -> bytes:
        _note_missing_letters(summary_paper(services.store, course, now=act.now, language=language))
        address = services.settings.public_url
        return hand_out(
            services.store, services.render, act, course, "summary", language=language, public_url=address
        ).pdf

    _write(file, draw)


@papers.command("aftercare")
@COURSE
@FILE
@click.option("--visit", metavar="ID", help="Visit; by default the latest.")
@LANGUAGE
def papers_aftercare(course: str, file: Path, visit: str | None, language: str | None) -> None:
    """Write the aftercare sheet of a visit to FILE."""
    from plugin.courses.handouts.cache import hand_out
    from plugin.courses.handouts.content import aftercare_paper

    def draw(services: Services, act: Act) -> bytes:
        paper = aftercare_paper(services.store, course, now=act.now, visit_id=visit, language=language)
        _note_missing_letters(paper)
        return hand_out(
            services.store, services.render, act, course, "aftercare", visit_id=visit, language=language
        ).pdf

    _write(file, draw)


@papers.command("invoice")
@COURSE
@FILE
def papers_invoice(course: str, file: Path) -> None:
    """Write the invoice of a course to FILE, issuing it first if needed."""
    from plugin.courses.documents.issuing import invoice_of_course

    _write_document(file, lambda store, act: invoice_of_course(store, act, course))


@papers.command("statement")
@COURSE
@FILE
def papers_statement(course: str, file: Path) -> None:
    """Write the statement of account of a course to FILE: its invoice, payments and refunds."""
    from plugin.courses.documents.statement import statement_of_course

    _write(file, lambda services, act: statement_of_course(services.store, services.render, act, course).pdf)


@papers.command("voucher")
@COURSE
@FILE
def papers_voucher(course: str, file: Path) -> None:
    """Write the gift voucher of a course to FILE."""
    from plugin.courses.documents.issuing import voucher_of_course

    _write_document(file, lambda store, act: voucher_of_course(store, act, course))


@papers.command("document")
@click.argument("number")
@FILE
def papers_document(number: str, file: Path) -> None:
    """Write the invoice, credit note or voucher NUMBER to FILE, as it was issued."""
    from plugin.courses.documents.read import document_by_number

    _write_document(file, lambda store, _act: document_by_number(store, number).id)


@papers.command("month")
@click.argument("month")
@FILE
def papers_month(month: str, file: Path) -> None:
    """Write the owner's report of MONTH, such as 2026-11, to FILE."""
    from plugin.courses.reports.month import asked_month, month_pdf

    wanted = asked_month(month)
    _write(file, lambda services, act: month_pdf(services.store, services.render, wanted, now=act.now))


@papers.command("guide")
@click.argument("name", type=click.Choice(["desk", "owner"]))
@FILE
def papers_guide(name: str, file: Path) -> None:
    """Write the guide for the front desk or the owner to FILE."""
    from plugin.courses.handouts.cache import guide_pdf

    _write(file, lambda services, act: guide_pdf(services.store, services.render, name, now=act.now))


@papers.command("batch")
@FILE
@click.option(
    "--clients", required=True, metavar="all|FILE", help="All clients, or a file with one client per line."
)
@click.option("--papers", "kinds", default="summary", show_default=True, help="summary, aftercare, invoice.")
@click.option("--form", type=click.Choice(["pdf", "zip"]), default="pdf", show_default=True)
@AS_JSON
def papers_batch(file: Path, clients: str, kinds: str, form: str, as_json: bool) -> None:
    """Write the papers of many clients to FILE: one PDF to print, or a ZIP with a file per paper."""
    from plugin.courses.handouts.batch_run import Printer, clients_named, write_batch
    from plugin.courses.handouts.selection import Choice

    with opened_services() as services:
        act = operator_act()
        printer = Printer(services.store, services.render, services.settings.public_url)
        wanted = tuple(each.strip() for each in kinds.split(",") if each.strip())
        choice = Choice(clients_named(services.store, act, clients), wanted)
        made = write_batch(printer, act, choice, form, file, say=note)
    for sentence in made.sentences:
        note(sentence)
    report(made.to_json(), f"{made.papers} papers written to {file}.", as_json=as_json)
    sys.exit(0 if made.papers else 1)


def _write_document(file: Path, find: Callable[[Store, Act], str]) -> None:
    """Write the issued document whose id `find` returns."""
    from plugin.courses.documents.files import document_bytes

    def draw(services: Services, act: Act) -> bytes:
        document_id = find(services.store, act)
        return document_bytes(services.store, services.render, document_id, now=act.now)

    _write(file, draw)


def _write(file: Path, draw: Callable[[Services, Act], bytes]) -> None:
    with opened_services() as services:
        pdf = draw(services, operator_act())
    file.write_bytes(pdf)
    click.echo(f"Written to {file}.")


def _note_missing_letters(paper: Paper) -> None:
    from invoices.press.glyphs import missing

    for each in missing(paper):
        note(each.sentence)
