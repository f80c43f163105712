"""The check before a treatment: the clinic's list of points, and a client's answer, which is yes or ask, no more."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base, Id, Name
from plugin.store.personal import DELETED, OF_CLIENT


class CheckList(Base):
    """One version of the clinic's list: by language, the points in their order. Never changed."""

    __tablename__ = "check_list"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    points: Mapped[dict[str, Any]]
    # Who of those who treat has reviewed it.
    reviewed_by: Mapped[str] = mapped_column(Name)
    written_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)


class CheckAnswer(Base):
    """What a client answered for a day. Which point it was is asked in person, and stored nowhere."""

    __tablename__ = "check_answer"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    on_day: Mapped[date]
    # none: none of these apply; ask: ask me.
    answer: Mapped[str] = mapped_column(String(4), info=DELETED)
    list_version: Mapped[int] = mapped_column(ForeignKey("check_list.version"))
    answered_at: Mapped[datetime]
    # page: their private page; screen: the check-in screen; handed: a device in their hands; api.
    source: Mapped[str] = mapped_column(String(10))
    # Somebody who treats has asked them.
    talked_at: Mapped[datetime | None]
    talked_by: Mapped[str] = mapped_column(Name, default="", server_default="")
    replaced_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("answer in ('none', 'ask')", name="answer"),
        CheckConstraint("source in ('page', 'screen', 'handed', 'api')", name="source"),
        Index(
            "uq_check_answer_day",
            "client_id",
            "on_day",
            unique=True,
            sqlite_where=text("replaced_at IS NULL"),
            postgresql_where=text("replaced_at IS NULL"),
        ),
    )
