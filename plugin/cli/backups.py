"""Commands for backups: make a copy, restore one."""

import sys
from pathlib import Path

import click

from plugin.cli.root import AS_JSON, FILE, main, note, opened_services, opened_store, operator_act
from plugin.errors import Refused
from plugin.services import wall_clock
from plugin.settings import read_settings
from plugin.store import Store


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
    from plugin.backups.keys import renew_passphrase
    from plugin.backups.make import run_backup
    from plugin.backups.records import read_state
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
