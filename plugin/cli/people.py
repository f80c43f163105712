"""Commands for access: staff and API tokens."""

from __future__ import annotations

import secrets
import sys
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import click

from plugin.cli.root import AS_JSON, ROLE, main, note, opened_services, opened_store, operator_act, print_rows
from plugin.core.acts import Role
from plugin.errors import InvalidField
from plugin.services import wall_clock

if TYPE_CHECKING:
    from plugin.courses.accounts.staff import StaffView
    from plugin.services import Services
    from plugin.store import Store

PASSWORD = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


@main.group()
def user() -> None:
    """Manage the people who sign in."""


@user.command("add")
@click.argument("email")
@click.option("--role", type=ROLE, required=True, help="What the person may do.")
@click.option("--name", default="", help="Name shown in the history; by default from the email address.")
@click.option("--link", "by_link", is_flag=True, help="Print a link to choose a password, instead of one.")
@PASSWORD
def user_add(email: str, role: str, name: str, by_link: bool, password_stdin: bool) -> None:
    """Add a person who signs in with EMAIL.

    Without --link and --password-stdin a password is generated and printed on the last line.
    """
    if by_link and password_stdin:
        raise click.UsageError("--link and --password-stdin exclude each other.")
    called = name or email.split("@")[0].replace(".", " ").title()
    if by_link:
        _invite(email, called, Role(role))
        return
    from plugin.courses.accounts.staff import add_staff
    from plugin.web.account.passwords import hash_password

    password = _password(password_stdin)
    with opened_store() as store:
        person = add_staff(
            store,
            email=email,
            name=called,
            role=Role(role),
            password_hash=hash_password(password, (called, email)),
            now=wall_clock(),
        )
    note(f"{person.name} signs in with {person.email}.")
    if not password_stdin:
        click.echo(password)


def _invite(email: str, name: str, role: Role) -> None:
    from plugin.courses.accounts.staff_edits import NewPerson, invite

    with opened_services() as services:
        services.settings.needing("secret_key")
        person = invite(services.store, operator_act(), NewPerson(email, name, role), by_mail=False)
        _print_link(services, person)


@user.command("reset-link")
@click.argument("email")
def user_reset_link(email: str) -> None:
    """Print a link with which a person chooses a new password, on the last line.

    An open invitation is renewed, and its earlier link ends. No server needs to run to make it.
    """
    from plugin.courses.accounts.staff_edits import invite_again, person_to_reset

    with opened_services() as services:
        services.settings.needing("secret_key")
        person = _person(services.store, email)
        change = person_to_reset if person.invited_at is None else partial(invite_again, by_mail=False)
        _print_link(services, change(services.store, operator_act(), person.id))


def _print_link(services: Services, person: StaffView) -> None:
    from plugin.courses.accounts.staff_edits import expires_at, link_address

    now = services.clock()
    until = expires_at(person, now).astimezone().strftime("%Y-%m-%d %H:%M %Z")
    note(f"{person.name} chooses a password with this link, once, until {until}:")
    click.echo(link_address(services.settings, person, now))


@user.command("role")
@click.argument("email")
@click.argument("role", type=ROLE)
def user_role(email: str, role: str) -> None:
    """Change what a person may do, from their next request on."""
    from plugin.courses.accounts.staff_edits import set_role

    with opened_store() as store:
        person = set_role(store, operator_act(), _person(store, email).id, Role(role))
    click.echo(f"{person.email} has the role {person.role.value} now.")


@user.command("password")
@click.argument("email")
@PASSWORD
def user_password(email: str, password_stdin: bool) -> None:
    """Reset a person's password and end their sessions."""
    from plugin.courses.accounts.staff import set_password
    from plugin.web.account.passwords import hash_password

    password = _password(password_stdin)
    with opened_store() as store:
        person = _person(store, email)
        hashed = hash_password(password, (person.name, person.email))
        set_password(store, operator_act(), person.id, hashed)
    if not password_stdin:
        click.echo(password)


@user.command("list")
@AS_JSON
def user_list(as_json: bool) -> None:
    """List all people, disabled ones included."""
    from plugin.courses.accounts.staff import list_all_staff

    with opened_store() as store:
        people = list_all_staff(store)
    rows = [
        {
            "email": each.email,
            "name": each.name,
            "role": each.role.value,
            "state": each.state,
            "last_sign_in": _moment(each.last_signed_in_at),
        }
        for each in people
    ]
    print_rows(
        rows, as_json=as_json, when_empty="No users yet. Add one: coursekeeper user add EMAIL --role owner"
    )


@user.command("disable")
@click.argument("email")
def user_disable(email: str) -> None:
    """Disable a person's sign-in and end their sessions; the history keeps their name."""
    from plugin.courses.accounts.staff import deactivate_staff

    with opened_store() as store:
        person = deactivate_staff(store, operator_act(), _person(store, email).id)
    click.echo(f"{person.email} can no longer sign in. All open sessions have ended.")


@user.command("enable")
@click.argument("email")
def user_enable(email: str) -> None:
    """Enable a disabled person again, with the password they had."""
    from plugin.courses.accounts.staff import reactivate_staff

    with opened_store() as store:
        person = reactivate_staff(store, operator_act(), _person(store, email).id)
    click.echo(f"{person.email} can sign in.")


@user.command("reset-second-step")
@click.argument("email")
def user_reset_second_step(email: str) -> None:
    """Remove the passkeys, authenticator app and recovery codes of a person who has lost them."""
    from plugin.courses.accounts.second_factors import reset_second_step

    with opened_store() as store:
        person = reset_second_step(store, operator_act(), _person(store, email).id)
    if person.password_hash:
        click.echo(f"{person.email} signs in with the password alone. All open sessions have ended.")
    else:
        click.echo(f"{person.email} has no password. Run: coursekeeper user reset-link {person.email}")


@main.group()
def token() -> None:
    """Manage API tokens."""


@token.command("add")
@click.argument("name")
@click.option("--role", type=ROLE, required=True, help="What the program may do.")
@click.option("--days", type=click.IntRange(1, 3650), help="Days until the token expires; by default never.")
def token_add(name: str, role: str, days: int | None) -> None:
    """Create an API token and print it on the last line, this once."""
    from plugin.courses.accounts.api_tokens import add_token

    now = wall_clock()
    expires_at = now + timedelta(days=days) if days else None
    with opened_store() as store:
        made = add_token(store, name=name, role=Role(role), now=now, expires_at=expires_at)
    click.echo(made)


@token.command("list")
@AS_JSON
def token_list(as_json: bool) -> None:
    """List all tokens by name; the tokens themselves are not stored."""
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
    print_rows(
        rows, as_json=as_json, when_empty="No tokens yet. Add one: coursekeeper token add NAME --role ROLE"
    )


@token.command("revoke")
@click.argument("name_or_id")
def token_revoke(name_or_id: str) -> None:
    """Revoke a token at once."""
    from plugin.courses.accounts.api_tokens import revoke_token, token_named

    with opened_store() as store:
        revoked = revoke_token(store, operator_act(), token_named(store, name_or_id).id)
    click.echo(f"{revoked.name} ({revoked.id}) is revoked. Programs that use it are refused.")


def _password(password_stdin: bool) -> str:
    return sys.stdin.readline().rstrip("\n") if password_stdin else secrets.token_urlsafe(12)


def _person(store: Store, email: str) -> StaffView:
    from plugin.courses.accounts.staff import staff_by_email

    person = staff_by_email(store, email)
    if person is None:
        raise InvalidField("No user signs in with that address. See: coursekeeper user list", field="email")
    return person


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
