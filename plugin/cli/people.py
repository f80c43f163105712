"""Commands for who may come in: staff and programs."""

from __future__ import annotations

import secrets
import sys
from datetime import timedelta

import click

from plugin.cli.opened import opened_store
from plugin.cli.root import main
from plugin.cli.words import ROLE
from plugin.core.acts import Role
from plugin.errors import InvalidField
from plugin.house import wall_clock


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
    with opened_store() as store:
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
    with opened_store() as store:
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
    with opened_store() as store:
        made = add_token(store, name=name, role=Role(role), now=now, expires_at=expires_at)
    click.echo(made)
