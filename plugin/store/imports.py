"""Imports of courses sold before Coursekeeper: the files, and the row of each course."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Base, Id, Name
from plugin.store.personal import NAMED, OF_COURSE

IMPORT_STATES = "state in ('mapping', 'checking', 'checked', 'importing', 'imported', 'canceled', 'undone')"


class ImportBatch(Base):
    """One file. Its bytes and its check results are stored only until it is imported or canceled."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name)
    # The hash of the cell values: the same file saved again, or in another encoding, has the same hash.
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    file: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    state: Mapped[str] = mapped_column(String(20))
    # The same file may be pending twice, but is imported once; after an undo it may be imported again.
    imported_sha256: Mapped[str | None] = mapped_column(
        String(64),
        Computed("CASE WHEN state IN ('importing', 'imported') THEN sha256 END", persisted=True),
        unique=True,
    )
    # The file's structure: how it was read, and its headings with a sample each.
    shape: Mapped[dict[str, Any]] = mapped_column(info=NAMED)
    # What each column means, and the order of day and month in its dates.
    mapping: Mapped[dict[str, Any]]
    # Rises with each change of the mapping, so that a check of an older mapping is ignored.
    revision: Mapped[int] = mapped_column(default=1)
    rows_total: Mapped[int]
    rows_done: Mapped[int] = mapped_column(default=0)
    # The result of the last check, for the page; in `wrong` all that is wrong, for the list to download.
    found: Mapped[dict[str, Any] | None] = mapped_column(info=NAMED)
    wrong: Mapped[list[Any] | None] = mapped_column(deferred=True, info=NAMED)
    problem: Mapped[str] = mapped_column(String(400), default="", info=NAMED)
    created_at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(Name)
    staff_id: Mapped[str | None] = mapped_column(Id, ForeignKey("staff.id"))
    # Who started the import, so that the worker writes the courses in that person's name.
    imported_by: Mapped[str] = mapped_column(Name, default="")
    imported_staff_id: Mapped[str | None] = mapped_column(Id, ForeignKey("staff.id"))
    ended_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str] = mapped_column(Name, default="")
    undone_because: Mapped[str] = mapped_column(String(300), default="", info=NAMED)

    __table_args__ = (
        CheckConstraint(IMPORT_STATES, name="state"),
        CheckConstraint("rows_total >= 0 and rows_done >= 0", name="rows"),
        CheckConstraint("(undone_at is not null) = (state = 'undone')", name="undone_together"),
        Index(None, "state", "created_at"),
    )


class ImportedCourse(Base):
    """A course of an import: its row in the file, and whether its client was created for it."""

    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), primary_key=True, info=OF_COURSE)
    batch_id: Mapped[str] = mapped_column(Id, ForeignKey("import_batch.id"), index=True)
    line: Mapped[int]
    has_new_client: Mapped[bool]
