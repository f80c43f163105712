"""Seals: from time to time the worker hashes all that was written since, one seal over the one before it.

The newest seal is the head of the whole clinic. Kept outside (beside the database, with each backup, in documents and
e-mails) it shows later whether anything that was sealed then has been changed, also by somebody who rewrites it all.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base, Id


class LedgerSeal(Base):
    """One seal. `previous` is the hash of the one before; `restored_at`: the first one after a backup was restored."""

    __tablename__ = "ledger_seal"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    previous: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int]
    sealed_at: Mapped[datetime]
    restored_at: Mapped[datetime | None]


class SealedRow(Base):
    """The hash of one row in one version, as sealed; `salt` is of texts that can be erased, and erased with them."""

    __tablename__ = "sealed_row"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    row_id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seal: Mapped[int] = mapped_column(ForeignKey("ledger_seal.number"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    salt: Mapped[str] = mapped_column(String(16), default="", server_default="")
