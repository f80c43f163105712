"""Commands for the database: migrate, check, back up, restore."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from plugin.cli.context import opened_store
from plugin.cli.options import AS_JSON, FILE, note, report
from plugin.cli.root import main
from plugin.settings import read_settings
from plugin.store import Store


@main.group()
def db() -> None:
    """Manage the database schema."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Migrate the database to this version."""
    from plugin.start import prepare
    from plugin.store.migrate import upgrade

    upgrade(read_settings().database_url)
    # A database made here gets its secrets, as one made by `serve` does.
    prepare(read_settings())
    click.echo("The database is up to date.")


@db.command("totals")
@click.option("--again", is_flag=True, help="Make all of them again from the entries.")
def db_totals(again: bool) -> None:
    """Bring the totals that the reports read up to date, as the worker does every ten minutes."""
    from plugin.courses.reports.totals import keep_totals, make_totals_again

    with opened_store() as store:
        if again:
            store.transact(make_totals_again)
        added = keep_totals(store)
    click.echo(f"{added} entries added.")


@main.command("new-secrets")
@click.confirmation_option(
    prompt="All sign-ins end; Square, mail and second factors must be set again. Go on?"
)
def new_secrets() -> None:
    """Make new secrets where the file with those of this database is lost.

    Everybody signs in again, links in e-mails sent so far end, and what was stored encrypted (the token of Square,
    the mail password, second factors) must be entered again.
    """
    from plugin.start import renew_secrets

    settings = read_settings()
    renew_secrets(settings)
    click.echo(f"New secrets are in {settings.data_folder / 'secrets'}. Keep a copy apart from the backups.")


@main.command()
@AS_JSON
def audit(as_json: bool) -> None:
    """Check the ledger and the documents.

    Prints each row that contradicts the rules and exits with 1 if there is one.
    """
    from plugin.courses.audit import audit as check

    with opened_store() as store:
        findings = check(store)
    rows = [{"check": each.check, "row": each.row, "message": each.sentence} for each in findings]
    for row in [] if as_json else rows:
        note(f"{row['check']}: {row['row']}: {row['message']}")
    report({"findings": rows}, f"{len(rows)} wrong." if rows else "Clean.", as_json=as_json)
    sys.exit(1 if rows else 0)


@main.command()
@FILE
def backup(file: Path) -> None:
    """Back up the database to FILE while it is in use.

    The copy is checked. An existing FILE is not overwritten.
    """
    from plugin.store.backup import backup as copy

    with opened_store() as store:
        copy(store, file)
    click.echo(f"Copied to {file}.")


@main.command()
@FILE
def restore(file: Path) -> None:
    """Restore the backup in FILE into an empty database.

    The restored ledger is migrated and checked; exits with 1 if something is wrong.
    """
    from plugin.courses.audit import audit as check
    from plugin.store.backup import restore as copy_back
    from plugin.store.migrate import upgrade

    settings = read_settings()
    with Store(settings.database_url) as store:
        copy_back(store, file)
    upgrade(settings.database_url)
    with opened_store() as store:
        findings = check(store)
    state = f"{len(findings)} wrong, see: coursekeeper audit" if findings else "the ledger is clean"
    click.echo(f"Restored; {state}.")
    sys.exit(1 if findings else 0)
