"""The installation itself: version, copies of its database, settings made in the browser, set-up, alarms, audits."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base, Id, Name


class Installation(Base):
    """The one installation that uses this database. `uid` names it, also in its backups."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uid: Mapped[str] = mapped_column(Id)
    # The newest version that has used this database, and when it did so first.
    version: Mapped[str] = mapped_column(String(40), default="", server_default="")
    version_at: Mapped[datetime | None]
    # The oldest revision whose program may serve this database, where its newest revisions only add; else "".
    serves_from: Mapped[str] = mapped_column(String(10), default="", server_default="")
    # The newest version published, where checking for it is switched on.
    published: Mapped[str] = mapped_column(String(40), default="", server_default="")
    published_checked_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("id = 1", name="one_installation"),)


class BackupState(Base):
    """What copies are encrypted with, and how sending them elsewhere went last: one row."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # A public key of age, and its private key encrypted with the passphrase; neither is a secret.
    recipient: Mapped[str] = mapped_column(String(100), default="", server_default="")
    key_file: Mapped[bytes | None] = mapped_column(LargeBinary)
    key_made_at: Mapped[datetime | None]
    key_made_by: Mapped[str] = mapped_column(Name, default="", server_default="")
    sent_at: Mapped[datetime | None]
    send_failed_at: Mapped[datetime | None]
    send_problem: Mapped[str] = mapped_column(String(400), default="", server_default="")

    __table_args__ = (CheckConstraint("id = 1", name="one_state"),)


class BackupRun(Base):
    """One making of a copy: `step` says how far it is, `problem` why it failed. The copies are files."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    cause: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    step: Mapped[str] = mapped_column(String(60), default="", server_default="")
    started_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    file_name: Mapped[str] = mapped_column(String(120), default="", server_default="")
    problem: Mapped[str] = mapped_column(String(400), default="", server_default="")

    __table_args__ = (
        CheckConstraint("cause in ('schedule', 'request')", name="cause"),
        CheckConstraint("state in ('running', 'good', 'failed')", name="state"),
    )


class StoredSetting(Base):
    """A setting as last changed. A secret is sealed (`plugin.vault`); neither value nor sealed: it was removed."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[str | None] = mapped_column(Text)
    sealed: Mapped[str | None] = mapped_column(Text)
    # How often it was changed: a form that was opened before the last change does not overwrite it.
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(Name)

    __table_args__ = (CheckConstraint("value is null or sealed is null", name="value_or_sealed"),)


class Setup(Base):
    """The set-up code until there is an owner, then which steps are done, and whether the checklist is hidden."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # HMAC-SHA256 of the code; "" once it is used.
    code_hmac: Mapped[str] = mapped_column(String(64), default="", server_default="")
    # What the cookie of a browser holds where the code was typed.
    browser_mark: Mapped[str] = mapped_column(String(64))
    wrong_since_code: Mapped[int] = mapped_column(default=0, server_default="0")
    wrong_in_minute: Mapped[int] = mapped_column(default=0, server_default="0")
    minute_began_at: Mapped[datetime | None]
    begun_at: Mapped[datetime]
    # When the first owner was created: the code is void from then on.
    closed_at: Mapped[datetime | None]
    # The time zone of the browser that created the owner, offered for the clinic; "" where it told none.
    browser_zone: Mapped[str] = mapped_column(String(64), default="", server_default="")
    # "done" or "skipped" by step.
    steps: Mapped[dict[str, Any]]
    hidden_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("id = 1", name="one"),
        CheckConstraint("closed_at is null or code_hmac = ''", name="void_once_closed"),
    )


class Alarm(Base):
    """One condition over time (`plugin.alarms.condition`), and what was last said of it."""

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    said: Mapped[str] = mapped_column(String(400), default="")
    bad_since: Mapped[datetime | None]
    good_since: Mapped[datetime | None]
    began_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    returns: Mapped[int] = mapped_column(default=0)


class AuditRun(Base):
    """One run of the nightly audit: how many rows are wrong, and the first of them."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime] = mapped_column(index=True)
    findings: Mapped[int]
    first: Mapped[list[Any]]
