"""The command line: a command reads its words, calls one function, says one sentence. Exit code 0, 1 or 2."""

from __future__ import annotations

import json
import secrets
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from invoices.papers import Paper
from plugin.core.acts import Act, Actor, Role, Source
from plugin.errors import ConfigurationError, CoursekeeperError, InvalidField
from plugin.house import House, open_house, wall_clock
from plugin.settings import read_settings
from plugin.store import Store
from plugin.version import VERSION

OPERATOR = Actor("Operator", Role.OWNER, Source.COMMAND)
ROLE = click.Choice([role.value for role in Role])


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


@main.command()
@click.option("--port", default=8000, show_default=True, help="Port of the desk.")
@click.option("--till-port", default=9000, show_default=True, help="Port of the practice till.")
@click.option("--fresh", is_flag=True, help="Throw the demo's data away and start over.")
@click.option("--folder", default="var/demo", show_default=True, help="Where the demo keeps its data.")
@click.option(
    "--day", is_flag=True, help="Play a whole day with everything going wrong, reckon up, and exit."
)
def demo(port: int, till_port: int, fresh: bool, folder: str, day: bool) -> None:
    """Start a practice Square and a small clinic to try everything out."""
    if day:
        from plugin.demo.day import play_day

        sys.exit(0 if play_day(click.echo).is_right else 1)
    from plugin.demo.running import run_demo

    sys.exit(run_demo(Path(folder), port=port, till_port=till_port, fresh=fresh))


@main.command()
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--no-worker", is_flag=True, help="Serve the web alone; run `coursekeeper worker` beside it.")
def serve(port: int, host: str, no_worker: bool) -> None:
    """Serve the desk, and look after one worker."""
    settings = read_settings().needing("secret_key")
    if no_worker:
        from plugin.serving import serve_web

        serve_web(settings, host=host, port=port)
        return
    from plugin.serving import ready_database

    ready_database(settings)
    sys.exit(_run_family(host, port))


def _run_family(host: str, port: int) -> int:
    from plugin.processes import Child, Family, end_with_parent

    web = ["-m", "plugin", "serve", "--no-worker", "--host", host, "--port", str(port)]
    family = Family([Child("web", web, {}), Child("worker", ["-m", "plugin", "worker"], {}, is_vital=False)])
    family.stop_on_signals()
    end_with_parent()
    family.start()
    try:
        return family.wait()
    finally:
        family.stop()


@main.command()
def worker() -> None:
    """Work off what Square tells us and what we owe, until stopped."""
    import signal

    from plugin.jobs import Worker
    from plugin.processes import end_with_parent

    end_with_parent()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with _house() as house:
        Worker(house).run_forever(stop)


@main.group()
def db() -> None:
    """Look after the database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database up to this version."""
    from plugin.store.migrate import upgrade

    upgrade(read_settings().database_url)
    click.echo("The database is up to date.")


@main.group()
def user() -> None:
    """Look after the people who sign in."""


@user.command("add")
@click.argument("email")
@click.option("--role", type=ROLE, required=True, help="What the person may do.")
@click.option("--name", default="", help="The name that history shows; the e-mail address's by default.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def user_add(email: str, role: str, name: str, password_stdin: bool) -> None:
    """Let a person sign in; without --password-stdin a password is made and printed on the last line."""
    from plugin.courses.people.staff import add_staff
    from plugin.web.passwords import hash_password

    password = sys.stdin.readline().rstrip("\n") if password_stdin else secrets.token_urlsafe(12)
    with _store() as store:
        person = add_staff(
            store,
            email=email,
            name=name or email.split("@")[0].replace(".", " ").title(),
            role=Role(role),
            password_hash=hash_password(password),
            now=wall_clock(),
        )
    click.echo(f"{person.name} signs in with {person.email}.", err=True)
    if not password_stdin:
        click.echo(password)


@user.command("password")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def user_password(email: str, password_stdin: bool) -> None:
    """Give a person a new password and end their sessions."""
    from plugin.courses.people.staff import set_password, staff_by_email
    from plugin.web.passwords import hash_password

    password = sys.stdin.readline().rstrip("\n") if password_stdin else secrets.token_urlsafe(12)
    with _store() as store:
        person = staff_by_email(store, email)
        if person is None:
            raise InvalidField("Nobody signs in with that address.", field="email")
        set_password(store, person.id, hash_password(password))
    if not password_stdin:
        click.echo(password)


@main.group()
def token() -> None:
    """Look after the bearer tokens of the HTTP interface."""


@token.command("add")
@click.argument("name")
@click.option("--role", type=ROLE, required=True, help="What the program may do.")
@click.option("--days", type=click.IntRange(1, 3650), help="Days until the token expires; never by default.")
def token_add(name: str, role: str, days: int | None) -> None:
    """Make a token; it is printed alone on the last line, this once."""
    from plugin.courses.people.staff import add_token

    now = wall_clock()
    expires_at = now + timedelta(days=days) if days else None
    with _store() as store:
        made = add_token(store, name=name, role=Role(role), now=now, expires_at=expires_at)
    click.echo(made)


@main.command()
@click.option("--since", help="Look at everything changed since then (ISO 8601), instead of the last sweep.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def sweep(since: str | None, as_json: bool) -> None:
    """Look through Square for what the webhooks missed, and put it into the inbox."""
    from plugin.square.sweep import sweep as look_through

    with _connected_house() as house:
        report = look_through(house, since=_moment(since))
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
    from plugin.jobs import work_off

    with _connected_house() as house:
        done = work_off(house)
    text = (
        f"{done.finished} worked off, {done.waiting} wait, {done.failed} failed, {done.papers} papers made."
    )
    click.echo(json.dumps(asdict(done)) if as_json else text)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def audit(as_json: bool) -> None:
    """Check the ledger and the documents; exit 1 and the rows where something is wrong."""
    from plugin.courses.audit import audit as check

    with _store() as store:
        findings = check(store)
    if as_json:
        rows = [{"check": each.check, "row": each.row, "message": each.sentence} for each in findings]
        click.echo(json.dumps({"findings": rows}))
    else:
        for each in findings:
            click.echo(f"{each.check}: {each.row}: {each.sentence}", err=True)
        click.echo("Clean." if not findings else f"{len(findings)} wrong.")
    sys.exit(1 if findings else 0)


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

    with _store() as store:
        act = Act(OPERATOR, wall_clock(), secrets.token_hex(16))
        done = bring_in(store, act, file, named=columns, dates=dates, is_dry=dry_run, say=_progress)
    for sentence in done.wrong:
        click.echo(sentence, err=True)
    click.echo(json.dumps(done.to_json()) if as_json else done.says)
    sys.exit(0 if done.is_right else 1)


def _progress(text: str) -> None:
    click.echo(text, err=True)


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
    days = _day(first, "--from"), _day(last, "--to")
    with _store() as store:
        sheet = export_sheet(store, Export(what), *days, now=wall_clock())
        if file is None:
            write(sheet, Format(form), sys.stdout.buffer, for_people=False)
            return
        with file.open("wb") as out:
            write(sheet, Format(form), out, for_people=False)
    click.echo(f"Written to {file}.")


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Write a whole, checked copy of the database to FILE, while it is in use."""
    from plugin.store.backup import backup as copy

    with _store() as store:
        copy(store, file)
    click.echo(f"Copied to {file}.")


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def restore(file: Path) -> None:
    """Put the copy in FILE in the place of an empty database, then check it."""
    from plugin.courses.audit import audit as check
    from plugin.store.backup import restore as bring_back
    from plugin.store.migrate import upgrade

    settings = read_settings()
    with Store(settings.database_url) as store:
        bring_back(store, file)
    upgrade(settings.database_url)
    with _store() as store:
        findings = check(store)
    click.echo(
        "Restored; the ledger is clean." if not findings else f"Restored; {len(findings)} wrong, see audit."
    )
    sys.exit(1 if findings else 0)


@main.group()
def papers() -> None:
    """Make papers."""


@papers.command("summary")
@click.argument("course")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--language", help="Language tag; the client's by default.")
def papers_summary(course: str, file: Path, language: str | None) -> None:
    """Write the summary of COURSE (its id) to FILE as PDF."""
    from plugin.courses.papers.content import summary_paper
    from plugin.courses.papers.ready import paper_bytes

    with _house() as house:
        act = Act(OPERATOR, house.clock(), secrets.token_hex(16))
        pdf = paper_bytes(
            house.store,
            house.render,
            act,
            course,
            "summary",
            language=language,
            public_url=house.settings.public_url,
        )
        _tell_missing_letters(summary_paper(house.store, course, now=act.now, language=language))
    _written(file, pdf)


@papers.command("aftercare")
@click.argument("course")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--visit", help="Id of the visit; the latest by default.")
@click.option("--language", help="Language tag; the client's by default.")
def papers_aftercare(course: str, file: Path, visit: str | None, language: str | None) -> None:
    """Write the aftercare sheet of COURSE (its id) to FILE as PDF."""
    from plugin.courses.papers.content import aftercare_paper
    from plugin.courses.papers.ready import paper_bytes

    with _house() as house:
        act = Act(OPERATOR, house.clock(), secrets.token_hex(16))
        pdf = paper_bytes(
            house.store, house.render, act, course, "aftercare", visit_id=visit, language=language
        )
        _tell_missing_letters(
            aftercare_paper(house.store, course, now=act.now, visit_id=visit, language=language)
        )
    _written(file, pdf)


@papers.command("invoice")
@click.argument("course")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def papers_invoice(course: str, file: Path) -> None:
    """Write the invoice of COURSE (its id) to FILE as PDF; it is issued now where that was not done."""
    from plugin.courses.documents.asked_for import invoice_of_course
    from plugin.courses.documents.files import document_bytes

    with _house() as house:
        act = Act(OPERATOR, house.clock(), secrets.token_hex(16))
        document_id = invoice_of_course(house.store, act, course)
        pdf = document_bytes(house.store, house.render, document_id, now=act.now)
    _written(file, pdf)


@papers.command("voucher")
@click.argument("course")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def papers_voucher(course: str, file: Path) -> None:
    """Write the gift voucher of COURSE (its id) to FILE as PDF."""
    from plugin.courses.documents.asked_for import voucher_of_course
    from plugin.courses.documents.files import document_bytes

    with _house() as house:
        act = Act(OPERATOR, house.clock(), secrets.token_hex(16))
        document_id = voucher_of_course(house.store, act, course)
        pdf = document_bytes(house.store, house.render, document_id, now=act.now)
    _written(file, pdf)


@papers.command("document")
@click.argument("number")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def papers_document(number: str, file: Path) -> None:
    """Write the invoice, credit note or voucher of NUMBER to FILE as PDF, the same bytes each time."""
    from plugin.courses.documents.files import document_bytes
    from plugin.courses.documents.read import document_by_number

    with _house() as house:
        document = document_by_number(house.store, number)
        pdf = document_bytes(house.store, house.render, document.id, now=house.clock())
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

    with _house() as house:
        pdf = month_pdf(house.store, house.render, asked_month(month), now=house.clock())
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
    from plugin.courses.papers.batch_command import clients_named, write_batch
    from plugin.courses.papers.batch_run import Printer
    from plugin.courses.papers.wanted import Choice

    with _house() as house:
        act = Act(OPERATOR, house.clock(), secrets.token_hex(16))
        printer = Printer(house.store, house.render, house.settings.public_url)
        wanted = tuple(each.strip() for each in kinds.split(",") if each.strip())
        choice = Choice(clients_named(house.store, act, clients), wanted)
        made = write_batch(printer, act, choice, form, out, say=_progress)
    for sentence in made.sentences:
        click.echo(sentence, err=True)
    click.echo(json.dumps(made.to_json()) if as_json else f"{made.papers} papers written to {out}.")
    sys.exit(0 if made.papers else 1)


@contextmanager
def _store() -> Iterator[Store]:
    from plugin.serving import ready_database

    settings = read_settings()
    ready_database(settings)
    with Store(settings.database_url) as store:
        yield store


@contextmanager
def _connected_house() -> Iterator[House]:
    from plugin.square.connection.row import read_connection

    with _house() as house:
        if not read_connection(house.store).has_permission:
            house.settings.needing("square_access_token")
        yield house


@contextmanager
def _house() -> Iterator[House]:
    from plugin.serving import ready_database

    settings = read_settings()
    ready_database(settings)
    house = open_house(settings)
    try:
        yield house
    finally:
        house.close()


def _day(text: str | None, option: str) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise InvalidField(f"{option} is a day such as 2026-11-01.", field=option) from None


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidField("--since is a time such as 2026-11-22T08:00:00Z.", field="since") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
