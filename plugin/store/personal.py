"""Marks on the columns with personal data of clients, which export and erasure read from the tables.

`belongs_to` names the ids (`SubjectData`) by which a row is a client's. `personal` sets how erasure treats a column:

- own: the client's own contact details; blanked, the row stays
- deleted: the whole row is deleted
- emptied: emptied in their rows; where a text of another row names them, the text is erased
- dropped: emptied in their rows
- erased: replaced by a mark in their rows and wherever it names them
- named: replaced by a mark wherever it names them
- message: an event from Square, emptied when it names them
- retained: kept unchanged, because tax law requires it or it proves a contract
"""

from typing import Any

from sqlalchemy import Column, ColumnElement, or_

from plugin.store.base import Base

Mark = dict[str, str]

OWN: Mark = {"personal": "own"}
DELETED: Mark = {"personal": "deleted"}
EMPTIED: Mark = {"personal": "emptied"}
DROPPED: Mark = {"personal": "dropped"}
ERASED_TEXT: Mark = {"personal": "erased"}
NAMED: Mark = {"personal": "named"}
MESSAGE: Mark = {"personal": "message"}
RETAINED: Mark = {"personal": "retained"}


OF_CLIENT: Mark = {"belongs_to": "client_ids"}
OF_COURSE: Mark = {"belongs_to": "course_ids"}
OF_ALLOWANCE: Mark = {"belongs_to": "allowance_ids"}
OF_ORDER: Mark = {"belongs_to": "order_ids"}
OF_REFUND: Mark = {"belongs_to": "refund_ids"}
OF_DOCUMENT: Mark = {"belongs_to": "document_ids"}
OF_CHECKOUT: Mark = {"belongs_to": "checkout_ids"}
OF_PROFILE: Mark = {"belongs_to": "square_ids"}
OF_NOTE: Mark = {"belongs_to": "note_ids"}
OF_JOB: Mark = {"belongs_to": "job_subjects"}


def columns_of(model: type[Base]) -> list[Column[Any]]:
    return list(Base.metadata.tables[model.__tablename__].columns)


def columns_marked(model: type[Base], *marks: Mark) -> list[Column[Any]]:
    wanted = {mark["personal"] for mark in marks}
    return [column for column in columns_of(model) if column.info.get("personal") in wanted]


def rows_of(model: type[Base], subject: object) -> ColumnElement[bool] | None:
    """Return the condition by which rows are a client's; None for a table without such a column."""
    owned = [
        getattr(model, column.key).in_(getattr(subject, column.info["belongs_to"]))
        for column in columns_of(model)
        if "belongs_to" in column.info
    ]
    return or_(*owned) if owned else None
