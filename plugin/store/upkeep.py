"""The installation itself: its version, and the copies of its database."""

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base, Id, Name


class Installation(Base):
    """The one installation that uses this database. `uid` names it, also in its backups."""

    __tablename__ = "installation"

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

    __tablename__ = "backup_state"

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

    __tablename__ = "backup_run"

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
