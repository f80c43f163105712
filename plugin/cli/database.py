"""Commands that keep the data: its tables, its audit, its copies."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from plugin.cli.context import opened_store
from plugin.cli.root import main
from plugin.settings import read_settings
from plugin.store import Store


@main.group()
def db() -> None:
    """Look after the database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database up to this version."""
    from plugin.store.migrate import upgrade

    upgrade(read_settings().database_url)
    click.echo("The database is up to date.")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def audit(as_json: bool) -> None:
    """Check the ledger and the documents; exit 1 and the rows where something is wrong."""
    from plugin.courses.audit import audit as check

    with opened_store() as store:
        findings = check(store)
    if as_json:
        rows = [{"check": each.check, "row": each.row, "message": each.sentence} for each in findings]
        click.echo(json.dumps({"findings": rows}))
    else:
        for each in findings:
            click.echo(f"{each.check}: {each.row}: {each.sentence}", err=True)
        click.echo("Clean." if not findings else f"{len(findings)} wrong.")
    sys.exit(1 if findings else 0)


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Write a whole, checked copy of the database to FILE, while it is in use."""
    from plugin.store.backup import backup as copy

    with opened_store() as store:
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
    with opened_store() as store:
        findings = check(store)
    click.echo(
        "Restored; the ledger is clean." if not findings else f"Restored; {len(findings)} wrong, see audit."
    )
    sys.exit(1 if findings else 0)
