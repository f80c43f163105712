"""The set-up of a new clinic: one row, kept so that any browser goes on where another stopped."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base


class Setup(Base):
    """The set-up code until there is an owner, then which steps are done, and whether the checklist is hidden."""

    __tablename__ = "setup"

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
