"""Commands for settings: those that the owner changes in the browser, from the command line."""

import sys

import click

from plugin.cli.root import AS_JSON, main, opened_services, operator_act, print_rows
from plugin.errors import InvalidField, Refused


@main.group()
def settings() -> None:
    """Show and change the settings that are stored in the database."""


@settings.command("list")
@AS_JSON
def settings_list(as_json: bool) -> None:
    """List all settings: their values, never a secret's, and where each is set."""
    from plugin.configuration.save import list_settings

    with opened_services() as services:
        rows = [
            {"setting": each.variable, "set_in": each.set_in, "value": each.value, "problem": each.problem}
            for each in list_settings(services)
        ]
    print_rows(rows, as_json=as_json, when_empty="No settings.")


@settings.command("set")
@click.argument("name")
@click.argument("value", required=False)
def settings_set(name: str, value: str | None) -> None:
    """Store the setting NAME. It is in use within seconds, without a restart.

    A secret is read from standard input, or asked for: a command line is seen by others and kept in its history.
    """
    from plugin.configuration.registry import is_editable, is_secret

    known = name.lower()
    if value is not None and is_editable(known) and is_secret(known):
        raise InvalidField(f"{name.upper()} is a secret: give it on standard input, not as an argument.")
    _save(known, _typed(known) if value is None else value)
    click.echo(f"{name.upper()} is set.")


@settings.command("unset")
@click.argument("name")
def settings_unset(name: str) -> None:
    """Remove the stored setting NAME: its default counts again."""
    _save(name.lower(), "")
    click.echo(f"{name.upper()} is no longer stored.")


def _save(name: str, value: str) -> None:
    from plugin.configuration.save import save_settings

    with opened_services() as services:
        save_settings(services, operator_act(), {name: value})


def _typed(name: str) -> str:
    is_asked = sys.stdin.isatty()
    typed = str(click.prompt(name.upper(), hide_input=True)) if is_asked else sys.stdin.read()
    if not typed.strip():
        raise Refused(
            f"Nothing came on standard input. To remove it, run: coursekeeper settings unset {name.upper()}"
        )
    return typed
