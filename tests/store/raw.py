"""Entries written by raw SQL, as a careless script or an intruder would. Must not know any rule of the ledger."""

import uuid
from typing import Any

from sqlalchemy import Connection, text

from plugin.store import Store

NEXT = {
    "seq": 4,
    "kind": "used",
    "sessions_before": 11,
    "sessions_delta": -1,
    "sessions_after": 10,
    "value_before": 181500,
    "value_delta": -16500,
    "value_after": 165000,
    "granted_before": 12,
    "granted_after": 12,
    "reverses": None,
}


class RawLedger:
    """The chain of one allowance, of which three entries are written; all in one transaction.

    No rule of the database waits for the end of a transaction: each statement is judged as it comes.
    """

    def __init__(self, store: Store, connection: Connection, allowance_id: str) -> None:
        self.store = store
        self.allowance_id = allowance_id
        self._connection = connection

    def insert(self, *, how: str = "INSERT", **changed: Any) -> str:
        """Write an entry that is right but for what is changed; return its id."""
        row = {
            "id": uuid.uuid4().hex,
            "allowance_id": self.allowance_id,
            "happened_at": "2026-11-22 18:00:00",
            "written_at": "2026-11-22 18:00:00",
            "by": "Nobody",
            "source": "raw",
            "reason": "",
            "idempotency_key": uuid.uuid4().hex,
            **NEXT,
            **changed,
        }
        columns = ", ".join(f'"{name}"' for name in row)
        values = ", ".join(f":{name}" for name in row)
        self.run(f"{how} INTO entry ({columns}) VALUES ({values})", **row)
        return str(row["id"])

    def run(self, statement: str, **values: Any) -> None:
        # What is refused takes only itself back.
        with self._connection.begin_nested():
            self._connection.execute(text(statement), values)

    def id_of(self, seq: int) -> str:
        return str(self.column("id", seq))

    def column(self, name: str, seq: int) -> Any:
        asked = text(f'SELECT "{name}" FROM entry WHERE allowance_id = :allowance AND seq = :seq')
        return self._connection.scalar(asked, {"allowance": self.allowance_id, "seq": seq})

    @property
    def length(self) -> int:
        asked = text("SELECT count(*) FROM entry WHERE allowance_id = :allowance")
        return int(self._connection.scalar(asked, {"allowance": self.allowance_id}) or 0)
