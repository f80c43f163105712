"""pgledger, a ledger of PostgreSQL functions (https://github.com/pgr0ss/pgledger), to compare with.

It is no part of this repository: it is fetched when the benchmark runs, at one commit, and refused where it is not
the file that was looked at. `PGLEDGER=pgledger.sql` takes it from a file, where nothing can be fetched.
"""

import hashlib
import os
import urllib.request
from pathlib import Path

import psycopg

COMMIT = "93536655e18c82d4f6d729ed9c5f0a84fdba2e3d"
ADDRESS = f"https://raw.githubusercontent.com/pgr0ss/pgledger/{COMMIT}/pgledger.sql"
SHA256 = "fdb7d956c2c53ad9cfeba9b0efadd598cac9f4fc3fa7c6c4a6dce06ff1a6cb79"
_PATIENCE_S = 10
# The file wants this of another project, for its ids; this one is shorter and quicker.
_ID = """
    CREATE FUNCTION uuid_to_ulid(id uuid) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT replace(id::text, '-', '') $$
"""


def pgledger() -> bytes | None:
    """Return the SQL, or None where it can't be fetched; raises RuntimeError for another file than was looked at."""
    given = os.environ.get("PGLEDGER")
    try:
        sql = (
            Path(given).read_bytes() if given else urllib.request.urlopen(ADDRESS, timeout=_PATIENCE_S).read()
        )
    except OSError:
        return None
    if hashlib.sha256(sql).hexdigest() != SHA256:
        raise RuntimeError(f"{given or ADDRESS} is not the pgledger that was looked at.")
    return bytes(sql)


def install(connection: psycopg.Connection, sql: bytes, accounts: int) -> list[str]:
    """Install it in an empty database with so many accounts of its own; return their ids."""
    connection.execute(_ID)
    connection.execute(sql)
    made = "SELECT id FROM pgledger_create_account(%s, 'USD')"
    rows = [connection.execute(made, (f"account {number}",)).fetchone() for number in range(accounts)]
    return [row[0] for row in rows if row is not None]
