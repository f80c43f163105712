"""Copies of a PostgreSQL database, by its own programs pg_dump, pg_restore and psql."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError

from plugin.errors import Refused
from plugin.store.database import Store
from plugin.wording import _

# The database is Coursekeeper's alone: everything in its schema goes, but what belongs to an extension.
_EMPTYING = """
SET LOCAL lock_timeout = '15s';
DO $$ DECLARE each record; BEGIN
  FOR each IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('DROP TABLE public.%I CASCADE', each.name);
  END LOOP;
  FOR each IN SELECT p.oid::regprocedure AS name FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') LOOP
    EXECUTE 'DROP FUNCTION ' || each.name || ' CASCADE';
  END LOOP;
END $$;
"""


def dump(store: Store, file: Path) -> None:
    """Write a copy of the database, compressed; raises Refused."""
    _run("pg_dump", store.direct_url, "--format=custom", "--no-owner", "--no-privileges", f"--file={file}")
    check(file)


def check(file: Path) -> None:
    """Read the whole list of a copy's contents; raises Refused for one that is damaged."""
    _program("pg_restore", ["--list", str(file)], {}, code="damaged_copy")


def load(store: Store, file: Path, folder: Path) -> None:
    """Replace the content of the database by that of a copy; raises Refused.

    psql, not pg_restore: what was there is dropped in the transaction that brings the copy.
    """
    with TemporaryDirectory(dir=folder) as place:
        emptying, script = Path(place, "emptying.sql"), Path(place, "copy.sql")
        emptying.write_text(_EMPTYING, encoding="utf-8")
        options = ["--no-owner", "--no-privileges", f"--file={script}", str(file)]
        _program("pg_restore", options, {}, code="damaged_copy")
        strict = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1")
        _run(
            "psql", store.direct_url, *strict, "--output=/dev/null", f"--file={emptying}", f"--file={script}"
        )


@contextmanager
def scratch(store: Store, file: Path, folder: Path) -> Iterator[Store | None]:
    """Restore a copy into a database of its own; None where this user may not create one."""
    name = f"coursekeeper_check_{secrets.token_hex(6)}"
    if not _command(store, f'CREATE DATABASE "{name}" TEMPLATE template0'):
        yield None
        return
    try:
        with Store(store.direct_url.set(database=name).render_as_string(hide_password=False)) as opened:
            load(opened, file, folder)
            yield opened
    finally:
        _command(store, f'DROP DATABASE "{name}" WITH (FORCE)')


def drop_left_scratches(store: Store) -> None:
    """Drop the databases that a killed check has left behind."""
    idle = (
        "SELECT datname FROM pg_database WHERE datname ~ '^coursekeeper_check_[0-9a-f]{12}$'"
        " AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = pg_database.datname)"
    )
    with store.engine.connect() as connection:
        names = connection.scalars(text(idle)).all()
    for name in names:
        _command(store, f'DROP DATABASE IF EXISTS "{name}"')


def _command(store: Store, statement: str) -> bool:
    """Run a statement outside a transaction; return False where this user may not."""
    try:
        with store.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(statement))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == "42501":
            return False
        raise
    return True


def _run(program: str, url: URL, *options: str) -> None:
    # The password is passed in the environment: a process list shows arguments to every user.
    _program(program, [f"--dbname={address_of(url)}", *options], {"PGPASSWORD": url.password or ""})


def address_of(url: URL) -> str:
    """Return the address that PostgreSQL's programs connect to, without the password."""
    # `set` takes None for "as it was", and three stars would be sent as the password.
    return url.set(drivername="postgresql")._replace(password=None).render_as_string()


def _program(
    program: str, options: list[str], environment: dict[str, str], code: str = "backup_failed"
) -> None:
    if shutil.which(program) is None:
        raise Refused(
            _("{program} is not installed here; install PostgreSQL’s client programs.", program=program),
            code="no_tool",
        )
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, our own arguments
        [program, *options], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Refused(
            _("{program} failed: {error}", program=program, error=done.stderr.strip()[:300]), code=code
        )
