"""Commands for who may come in: staff and programs."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from plugin.cli.context import opened_store
from plugin.cli.options import AS_JSON, OPERATOR, ROLE
from plugin.cli.root import main
from plugin.core.acts import Act, Role
from plugin.errors import InvalidField
from plugin.services import wall_clock

if TYPE_CHECKING:
    from plugin.courses.accounts.staff import StaffView
    from plugin.store import Store


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
    from plugin.courses.accounts.staff import add_staff
    from plugin.web.account.passwords import hash_password

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
    from plugin.courses.accounts.staff import set_password
    from plugin.web.account.passwords import hash_password

    password = sys.stdin.readline().rstrip("\n") if password_stdin else secrets.token_urlsafe(12)
    with opened_store() as store:
        set_password(store, _person(store, email).id, hash_password(password))
    if not password_stdin:
        click.echo(password)


@user.command("list")
@AS_JSON
def user_list(as_json: bool) -> None:
    """List everybody who may sign in or once might."""
    from plugin.courses.accounts.staff import list_all_staff

    with opened_store() as store:
        people = list_all_staff(store)
    rows = [
        {
            "email": each.email,
            "name": each.name,
            "role": each.role.value,
            "state": "active" if each.is_active else "deactivated",
            "last_sign_in": _moment(each.last_signed_in_at),
        }
        for each in people
    ]
    _print_rows(
        rows, as_json=as_json, when_empty="Nobody can sign in yet: coursekeeper user add EMAIL --role owner"
    )


@user.command("disable")
@click.argument("email")
def user_disable(email: str) -> None:
    """End a person's sign-in and all their open sessions; what they did keeps their name."""
    from plugin.courses.accounts.staff import deactivate_staff

    with opened_store() as store:
        person = deactivate_staff(store, _act(), _person(store, email).id)
    click.echo(f"{person.email} can't sign in any more. All open sessions have ended.")


@user.command("enable")
@click.argument("email")
def user_enable(email: str) -> None:
    """Let a disabled person sign in again, with the password they had."""
    from plugin.courses.accounts.staff import reactivate_staff

    with opened_store() as store:
        person = reactivate_staff(store, _act(), _person(store, email).id)
    click.echo(f"{person.email} can sign in.")


@main.group()
def token() -> None:
    """Look after the bearer tokens of the HTTP interface."""


@token.command("add")
@click.argument("name")
@click.option("--role", type=ROLE, required=True, help="What the program may do.")
@click.option("--days", type=click.IntRange(1, 3650), help="Days until the token expires; never by default.")
def token_add(name: str, role: str, days: int | None) -> None:
    """Make a token; it is printed alone on the last line, this once."""
    from plugin.courses.accounts.api_tokens import add_token

    now = wall_clock()
    expires_at = now + timedelta(days=days) if days else None
    with opened_store() as store:
        made = add_token(store, name=name, role=Role(role), now=now, expires_at=expires_at)
    click.echo(made)


@token.command("list")
@AS_JSON
def token_list(as_json: bool) -> None:
    """List every token that was made; the tokens themselves are not kept."""
    from plugin.courses.accounts.api_tokens import list_tokens

    with opened_store() as store:
        tokens = list_tokens(store)
    now = wall_clock()
    rows = [
        {
            "id": each.id,
            "name": each.name,
            "role": each.role.value,
            "state": each.state(now),
            "created": _moment(each.created_at),
            "last_used": _moment(each.last_used_at),
        }
        for each in tokens
    ]
    _print_rows(
        rows, as_json=as_json, when_empty="No token was made yet: coursekeeper token add NAME --role ROLE"
    )


@token.command("revoke")
@click.argument("name_or_id")
def token_revoke(name_or_id: str) -> None:
    """End a token at once, by its name or its id."""
    from plugin.courses.accounts.api_tokens import revoke_token, token_named

    with opened_store() as store:
        revoked = revoke_token(store, _act(), token_named(store, name_or_id).id)
    click.echo(f"{revoked.name} ({revoked.id}) is revoked. Programs that use it are refused.")


def _act() -> Act:
    return Act(OPERATOR, wall_clock(), secrets.token_hex(16))


def _person(store: Store, email: str) -> StaffView:
    from plugin.courses.accounts.staff import staff_by_email

    person = staff_by_email(store, email)
    if person is None:
        raise InvalidField("Nobody signs in with that address.", field="email")
    return person


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _print_rows(rows: Sequence[Mapping[str, str | None]], *, as_json: bool, when_empty: str) -> None:
    """Print rows under their headings, each column as wide as its longest value."""
    if as_json or not rows:
        click.echo(json.dumps(rows) if as_json else when_empty)
        return
    headings = list(rows[0])
    table = [[name.replace("_", " ").upper() for name in headings]]
    table += [[row[name] or "-" for name in headings] for row in rows]
    widths = [max(len(line[place]) for line in table) for place in range(len(headings))]
    for line in table:
        click.echo("  ".join(f"{value:<{width}}" for value, width in zip(line, widths, strict=True)).rstrip())
