"""The activity log: what people and programs did that no other table records. Append-only (`triggers.py`)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base, Id, Name
from plugin.store.personal import ERASED_TEXT, OF_CLIENT


class Activity(Base):
    """One act. `before` and `after` in words; of a secret only that it was set or removed."""

    __tablename__ = "activity"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    # Such as `staff.invited`: what it belongs to, and what was done.
    kind: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)
    # Who acted; not a foreign key, since a withdrawn invitation deletes its person.
    staff_id: Mapped[str | None] = mapped_column(Id)
    source: Mapped[str] = mapped_column(String(20))
    client_id: Mapped[str | None] = mapped_column(Id, ForeignKey("client.id"), index=True, info=OF_CLIENT)
    # The id of what was changed: a person, a package, a token, the name of a setting.
    subject_id: Mapped[str] = mapped_column(String(60), default="", index=True)
    name: Mapped[str] = mapped_column(String(200), default="", info=ERASED_TEXT)
    before: Mapped[str] = mapped_column(Text, default="", info=ERASED_TEXT)
    after: Mapped[str] = mapped_column(Text, default="", info=ERASED_TEXT)
    reason: Mapped[str] = mapped_column(String(300), default="", info=ERASED_TEXT)

    __table_args__ = (Index(None, "at", "id"),)
