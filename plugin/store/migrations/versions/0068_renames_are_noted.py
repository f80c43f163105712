"""On PostgreSQL a new name notes the courses that show it, as a row of the list may be renewed at the same time."""

from alembic import op

revision = "0068"
down_revision = "0067"

_RENAMES = {
    "client_lists": (
        "UPDATE listed_course SET client_name = NEW.name_folded WHERE client_id = NEW.id;",
        "INSERT INTO unlisted_course (course_id) SELECT id FROM course WHERE client_id = NEW.id;",
    ),
    "staff_lists": (
        "UPDATE listed_course SET practitioner_name = NEW.name WHERE practitioner_id = NEW.id;",
        "INSERT INTO unlisted_course (course_id) SELECT DISTINCT course_id FROM visit WHERE practitioner_id = NEW.id;",
    ),
}


def _replace(name: str, do: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
            f" AS $$ BEGIN {do} RETURN NULL; END $$"
        )


def upgrade() -> None:
    """Apply."""
    for name, (update, note) in _RENAMES.items():
        _replace(name, f"{update} {note}")


def downgrade() -> None:
    """Undo."""
    for name, (update, _note) in _RENAMES.items():
        _replace(name, update)
