"""Alarms as they stand, and the runs of the nightly audit."""

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base, Id


class Alarm(Base):
    """One condition over time (`plugin.alarms.episodes`), and what was last said of it."""

    __tablename__ = "alarm"

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

    __tablename__ = "audit_run"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime] = mapped_column(index=True)
    findings: Mapped[int]
    first: Mapped[list[Any]]
