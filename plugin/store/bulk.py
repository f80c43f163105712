"""Many courses at once: acts on those that were chosen, and imports of those sold before Coursekeeper, with what became
of each course and each row.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import ERASED_TEXT, NAMED, OF_COURSE, Base, Id, Name


class BulkAct(Base):
    """One act on many courses. A preview changes nothing; `days` is by how many an expiration moves."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    days: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(300), default="", info=ERASED_TEXT)
    # preview, running, done, undoing, undone, canceled or failed.
    state: Mapped[str] = mapped_column(String(20), default="preview")
    created_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Name)
    staff_id: Mapped[str | None] = mapped_column(Id, ForeignKey("staff.id"))
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("kind in ('extend', 'email')", name="kind"),
        CheckConstraint(
            "state in ('preview', 'running', 'done', 'undoing', 'undone', 'canceled', 'failed')", name="state"
        ),
        Index(None, "state", "created_at"),
    )


class BulkItem(Base):
    """One course of it. `before` and `after`: its last day as previewed; `why`: the reason it was refused."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    bulk_id: Mapped[str] = mapped_column(Id, ForeignKey("bulk_act.id"))
    position: Mapped[int]
    course_id: Mapped[str] = mapped_column(Id, ForeignKey("course.id"), index=True, info=OF_COURSE)
    # chosen: to be done; refused, done, undone; kept: not undone, `why` says so.
    state: Mapped[str] = mapped_column(String(20), default="chosen")
    why: Mapped[str] = mapped_column(String(400), default="", info=NAMED)
    before: Mapped[date | None]
    after: Mapped[date | None]

    __table_args__ = (
        CheckConstraint("state in ('chosen', 'refused', 'done', 'undone', 'kept')", name="state"),
        UniqueConstraint("bulk_id", "position"),
        UniqueConstraint("bulk_id", "course_id"),
        Index(None, "bulk_id", "state", "position"),
    )


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
