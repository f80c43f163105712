"""Somebody at a browser without scripts: opens addresses, follows forms. Knows no table."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from werkzeug.test import TestResponse

from plugin.core.acts import Role
from plugin.courses.accounts.staff import add_staff
from plugin.services import Services
from plugin.store import Store
from tests.replay import once
from tests.web.page import Form, Page

PASSWORD = "quiet-willow-7"
NAMES = {Role.OWNER: "Olga Ruiz", Role.DESK: "Deb Lane", Role.PRACTITIONER: "A. Kim"}
# As the house keeps it, but for the cost, which is part of what is kept: paid at each sign-in of each test.
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def email_of(role: Role) -> str:
    return f"{role.value}@example.org"


def hire(services: Services, role: Role) -> str:
    """Add a person of this role and return their e-mail address."""
    now = services.clock()
    return once(services.store, ("hire", role, now), lambda: _hire(services.store, role, now))


def _hire(store: Store, role: Role, now: datetime) -> str:
    add_staff(store, email=email_of(role), name=NAMES[role], role=role, password_hash=_HASH, now=now)
    return email_of(role)


class Visitor:
    """A browser with its own cookies."""

    def __init__(self, app: Flask, prefix: str = "", address: str = "127.0.0.1") -> None:
        self.client = app.test_client()
        self.prefix = prefix
        self.environ = {"REMOTE_ADDR": address}
        self._email = ""
        self._app = app

    def get(self, address: str, **options: Any) -> TestResponse:
        options = {"environ_base": self.environ, "buffered": True, **options}
        return self.client.get(self.prefix + address, **options)

    def page(self, address: str) -> Page:
        answer = self.get(address)
        assert answer.status_code == 200, (address, answer.status_code, answer.text[:400])
        return Page(answer.text)

    def send(self, form: Form, **typed: Any) -> TestResponse:
        """Send a form as it stands, with what is typed into it."""
        return self._post(form, typed, {})

    def send_by_htmx(self, form: Form, **typed: Any) -> TestResponse:
        """Send it as the script of the page does."""
        return self._post(form, typed, {"HX-Request": "true"})

    def sending(self, *, htmx: bool) -> Callable[..., TestResponse]:
        """Return the one or the other way to send."""
        return self.send_by_htmx if htmx else self.send

    def _post(self, form: Form, typed: Mapping[str, str], headers: Mapping[str, str]) -> TestResponse:
        return self.client.post(
            form.action, data=form.filled(**typed), headers=headers, environ_base=self.environ
        )

    def after(self, form: Form, **typed: Any) -> Page:
        """Send a form and return the page it leads to."""
        answer = self.send(form, **typed)
        assert answer.status_code == 303, (answer.status_code, answer.text[:400])
        return Page(self.client.get(answer.headers["Location"], environ_base=self.environ).text)

    def sign_in(self, email: str, password: str = PASSWORD, **more: Any) -> TestResponse:
        self._email = email
        form = self.page("/sign-in").form("/sign-in")
        return self.send(form, email=email, password=password, **more)

    @property
    def cookie(self) -> str:
        """What this browser keeps of its sign-in."""
        kept = self.client.get_cookie(self._cookie_name, path=self._cookie_path)
        assert kept is not None
        return kept.value

    def came_in(self, email: str, cookie: str) -> None:
        """Be the browser that kept this when the person signed in."""
        self._email = email
        self.client.set_cookie(self._cookie_name, cookie, path=self._cookie_path)

    @property
    def _cookie_name(self) -> str:
        return self._app.session_interface.get_cookie_name(self._app)

    @property
    def _cookie_path(self) -> str:
        return self._app.session_interface.get_cookie_path(self._app)

    def sign_in_again(self) -> None:
        """Come in anew, as on another day: a sign-in ends after twelve hours."""
        assert self.sign_in(self._email).status_code == 302
