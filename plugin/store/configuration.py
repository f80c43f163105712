"""Settings that the owner made in the browser; who changed which one when is in the activity log."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base, Name


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
