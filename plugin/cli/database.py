"""Commands for the database: upgrade, downgrade, check, back up, restore."""

import sys
from pathlib import Path

import click

from plugin.cli.root import AS_JSON, FILE, main, note, opened_services, opened_store, operator_act, report
from plugin.errors import Refused
from plugin.services import wall_clock
from plugin.settings import read_settings
from plugin.store import Store

DESPITE_AUDIT = click.option("--despite-audit", is_flag=True, help="Go on although the ledger has errors.")


@main.group()
def db() -> None:
    """Manage the database schema."""


@db.command("upgrade")
@DESPITE_AUDIT
def db_upgrade(despite_audit: bool) -> None:
    """Bring the database to this version; the same as `coursekeeper upgrade`."""
    _upgrade(despite_audit=despite_audit)


@main.command()
@DESPITE_AUDIT
def upgrade(despite_audit: bool) -> None:
    """Bring the database to this version.

    It is copied, migrated and audited. On failure, also when interrupted, the copy is put back and the old version
    works as before. `serve` and `worker` do the same when they start.
    """
    _upgrade(despite_audit=despite_audit)


def _upgrade(*, despite_audit: bool) -> None:
    from plugin.backups.upgrading import upgrade as bring_up
    from plugin.start import prepare

    settings = read_settings()
    with Store(settings.database_url, settings.direct_url) as store:
        done = bring_up(settings, store, now=wall_clock(), despite_audit=despite_audit)
    # A database made here gets its secrets, as one made by `serve` does.
    prepare(read_settings())
    click.echo(done.in_words)


@db.command("downgrade")
@click.argument("revision")
def db_downgrade(revision: str) -> None:
    """Bring the database to an older REVISION, for an older version of Coursekeeper.

    A copy is made before. What only the newer version stores is lost.
    """
    from plugin.backups.upgrading import downgrade

    settings = read_settings()
    with Store(settings.database_url, settings.direct_url) as store:
        copy = downgrade(settings, store, revision)
    click.echo(f"The database is of revision {revision}. A copy of it before is in {copy}.")


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


@db.command("grants")
@click.argument("role")
def db_grants(role: str) -> None:
    """Print what the owner of the tables grants the program's ROLE, on PostgreSQL: it can't rewrite the ledger then.

    Pipe it into psql as the owner; again after each upgrade.
    """
    from plugin.store.triggers import grants

    owner = Store(read_settings().direct_url).url.username or "postgres"
    for statement in grants(role, owner):
        click.echo(f"{statement};")


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
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    metavar="HEAD|FILE",
    help="A head of the ledger that was kept outside (ledger:12:9f3a51c0), or a file with one: e-mail, PDF, backup.",
)
@click.option(
    "--passphrase-stdin", is_flag=True, help="Read the passphrase of an encrypted backup from standard input."
)
@AS_JSON
def audit(anchors: tuple[str, ...], passphrase_stdin: bool, as_json: bool) -> None:
    """Check the ledger and the documents.

    Prints each row that contradicts the rules and exits with 1 if there is one. Heads of the ledger that were kept in
    the data folder and beside the backups are compared, and those of --anchor. Of an encrypted backup without its
    passphrase the note beside it is read; what was read is printed.
    """
    from plugin.backups.anchors import disagreeing, heads_of
    from plugin.courses.audit import audit as check

    passphrase = sys.stdin.readline(1000).strip() if passphrase_stdin else ""
    more = tuple(head for anchor in anchors for head in heads_of(anchor, passphrase=passphrase))
    for each in more:
        note(f"Compared with {each.head.short}, read from {each.where}.")
    with opened_store() as store:
        findings = (*check(store), *disagreeing(read_settings(), store, more))
    rows = [{"check": each.check, "row": each.row, "message": each.sentence} for each in findings]
    for row in [] if as_json else rows:
        note(f"{row['check']}: {row['row']}: {row['message']}")
    report({"findings": rows}, f"{len(rows)} wrong." if rows else "Clean.", as_json=as_json)
    sys.exit(1 if rows else 0)


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option(
    "--new-passphrase",
    is_flag=True,
    help="Make a new passphrase first; it is printed alone on the last line.",
)
def backup(file: Path | None, new_passphrase: bool) -> None:
    """Back up the database while it is in use.

    Without FILE: a copy in the backup folder as the worker makes it, verified, encrypted where there is a passphrase,
    and sent where BACKUP_REMOTE says. With FILE: the bare database, checked. An existing FILE is not overwritten.
    Exits with 1 if there is no copy, or it could not be sent.
    """
    if file is not None:
        from plugin.courses.privacy.access_log import record_download
        from plugin.store.backup import backup as copy

        with opened_store() as store:
            copy(store, file)
            record_download(store, operator_act(), file.name)
        click.echo(f"Copied to {file}.")
        return
    _keep_copy(new_passphrase=new_passphrase)


def _keep_copy(*, new_passphrase: bool) -> None:
    from plugin.backups.make import run_backup
    from plugin.backups.records import read_state, renew_passphrase
    from plugin.backups.remote import where_to

    with opened_services() as services:
        passphrase = renew_passphrase(services, operator_act()) if new_passphrase else ""
        run = run_backup(services, "request")
        target = where_to(services.settings) if services.settings.backup_remote else ""
        unsent = read_state(services.store).send_problem
    if run.state != "good":
        raise Refused(run.problem, code="backup_failed")
    click.echo(f"{run.file_name} is made and checked.")
    if target and not unsent:
        click.echo(f"It is sent to {target}.")
    if passphrase:
        click.echo("Write this passphrase down and keep it away from this computer. It is not shown again:")
        click.echo(passphrase)
    if target and unsent:
        raise Refused(f"It is not sent to {target}. {unsent}", code="send_failed")


@main.command()
@FILE
@click.option("--passphrase-stdin", is_flag=True, help="Read the passphrase from standard input.")
@click.option("--replace", is_flag=True, help="Replace a database that holds data; a copy of it is kept.")
@AS_JSON
def restore(file: Path, passphrase_stdin: bool, replace: bool, as_json: bool) -> None:
    """Restore the backup in FILE into an empty database.

    A copy that is damaged, not ours or of a newer version is refused, and nothing is changed. An older one is
    migrated. Exits with 1 if the restored ledger has errors.
    """
    import json

    from plugin.backups.restore import restore as put_in_place
    from plugin.instance_lock import nobody_running

    settings = read_settings()
    with (
        Store(settings.database_url, settings.direct_url) as store,
        nobody_running(settings.database_url, settings.data_folder),
    ):
        passphrase = _passphrase(file, from_stdin=passphrase_stdin)
        done = put_in_place(settings, store, file, now=wall_clock(), passphrase=passphrase, replaces=replace)
    if as_json:
        click.echo(json.dumps({"to_check": done.to_check, "errors": len(done.findings)}))
    else:
        click.echo("Restored.")
        for sentence in (
            *done.to_check,
            *([f"What was here before is in {done.replaced}."] if done.replaced else []),
        ):
            note(f"- {sentence}")
    sys.exit(1 if done.findings else 0)


def _passphrase(file: Path, *, from_stdin: bool) -> str:
    from plugin.backups.archive import is_encrypted

    if from_stdin:
        return sys.stdin.readline(1000).strip()
    if file.is_file() and is_encrypted(file):
        return str(click.prompt("Passphrase", err=True))
    return ""
