"""The staff as Flask-Security sees them, and the store it finds them in."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Flask, session
from flask_security import RoleMixin, UserMixin
from flask_security.datastore import UserDatastore
from flask_security.utils import set_request_attr

from plugin.core.acts import Act
from plugin.courses.accounts.links import is_link, person_of_link
from plugin.courses.accounts.sign_ins import SignedIn, staff_signed_in
from plugin.courses.accounts.staff import StaffView, set_password, staff_by_email, staff_by_mark
from plugin.web import current_services
from plugin.web.account.passwords import fits

# Where the cookie keeps which sign-in it belongs to.
SIGN_IN = "sign_in"


class StaffUser(UserMixin):
    """A member of staff as Flask-Security sees them: a value, detached from any database session."""

    # Flask-Security reads it from the class before it has loaded a person.
    fs_uniquifier: str = ""

    def __init__(self, staff: StaffView, signed: SignedIn | None = None) -> None:
        self.staff_id = staff.id
        self.email = staff.email
        self.name = staff.name
        self.role = staff.role
        self.actor = staff.actor
        self.password = staff.password_hash
        self.active = staff.is_active
        self.fs_uniquifier = staff.session_mark
        self.roles = []
        # Flask-Security's names for the authenticator app.
        self.tf_totp_secret = staff.totp_secret
        self.tf_primary_method = "authenticator" if staff.totp_secret else None
        self.tf_phone_number = None
        self.signed = signed

    def verify_and_update_password(self, password: str) -> bool:
        """Return whether the password is theirs."""
        return fits(password, self.password or "")


class StaffStore(UserDatastore):
    """Finds staff by their e-mail address, their mark or a link; writes the password that a link sets."""

    def __init__(self) -> None:
        super().__init__(StaffUser, RoleMixin)

    def find_user(self, case_insensitive: bool = False, **wanted: Any) -> StaffUser | None:  # noqa: ARG002
        """Return the person with this `email` or `fs_uniquifier`; being found signs nobody in."""
        services = current_services()
        store, mark = services.store, wanted.get("fs_uniquifier", "")
        if "email" in wanted:
            staff = staff_by_email(store, wanted["email"])
        elif is_link(mark):
            staff = person_of_link(store, mark, services.clock())
        else:
            staff = staff_by_mark(store, mark)
        return StaffUser(staff) if staff else None

    def set_uniquifier(self, user: Any, uniquifier: str | None = None) -> None:
        """Do nothing: the mark changes with the password."""

    def put(self, user: Any) -> Any:
        """Write the password that a link has set; raises Refused where the link was used meanwhile."""
        services = current_services()
        act = Act(user.actor, services.clock(), secrets.token_hex(16))
        set_password(services.store, act, user.staff_id, user.password, only_at=user.fs_uniquifier)
        return user

    def commit(self) -> None:
        """Do nothing: there is nothing to commit."""


def load_by_sign_in(app: Flask) -> None:
    """Let a cookie sign a person in only while the sign-in it names is open, whatever Flask-Security finds."""
    app.login_manager.user_loader(_signed_in)  # type: ignore[attr-defined]  # Flask-Login adds it


def _signed_in(mark: str) -> StaffUser | None:
    services = current_services()
    signed = staff_signed_in(services.store, str(mark), session.get(SIGN_IN, ""), services.clock())
    if signed is None or not signed.staff.is_active:
        return None
    set_request_attr("fs_authn_via", "session")
    set_request_attr("fs_paa", session.get("fs_paa", 0))
    return StaffUser(signed.staff, signed)
