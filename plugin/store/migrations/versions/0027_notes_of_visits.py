"""Notes of visits in a table of their own, also before the visit; focus areas, add-ons, names per language."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from plugin.store import versions

revision = "0027"
down_revision = "0026"

# What a clinic starts with, in its own order: kind, name, Spanish, Chinese.
_FIRST_OPTIONS = (
    ("focus", "Fine lines", "Líneas finas", "细纹"),
    ("focus", "Jawline", "Contorno de la mandíbula", "下颌线"),
    ("focus", "Puffiness", "Hinchazón", "浮肿"),
    ("focus", "Dark circles", "Ojeras", "黑眼圈"),
    ("focus", "Complexion", "Tono de la piel", "肤色"),
    ("focus", "Breakouts", "Brotes de acné", "痘痘"),
    ("focus", "Redness", "Enrojecimiento", "泛红"),
    ("add_on", "LED light", "Luz LED", "LED 光照"),
)


def upgrade() -> None:
    """Apply."""
    _create_options()
    _create_notes()
    _create_details()
    # The id of a visit's note is the visit's: ids sort by time, and no two visits share one.
    op.execute(
        "INSERT INTO visit_note (id, visit_id, focus, note, version, changed_at, changed_by)"
        " SELECT id, id, focus, note, 1, created_at, '' FROM visit WHERE focus <> '' OR note <> ''"
    )
    op.drop_column("visit", "focus")
    op.drop_column("visit", "note")
    for statement in versions.creation(op.get_bind().dialect.name, revision):
        op.execute(statement)


def downgrade() -> None:
    """Undo; drafts, points, observations and everything tapped are lost."""
    for statement in versions.removal(op.get_bind().dialect.name, revision):
        op.execute(statement)
    for name in ("focus", "note"):
        op.add_column("visit", sa.Column(name, sa.String(length=500), server_default="", nullable=False))
        op.execute(
            f"UPDATE visit SET {name} = (SELECT {name} FROM visit_note WHERE visit_id = visit.id)"  # noqa: S608 - our own names
            " WHERE id IN (SELECT visit_id FROM visit_note)"
        )
    for table in ("visit_note_option", "visit_note", "visit_option", "name_translation"):
        op.drop_table(table)


def _create_options() -> None:
    options = op.create_table(
        "visit_option",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind in ('focus', 'add_on')", name=op.f("ck_visit_option_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_option")),
    )
    names = op.create_table(
        "name_translation",
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("text", sa.String(length=160), nullable=False),
        sa.PrimaryKeyConstraint("name", "language", name=op.f("pk_name_translation")),
    )
    rows = enumerate(_FIRST_OPTIONS)
    op.bulk_insert(
        options,
        [
            {"id": f"{kind}-{place}", "kind": kind, "name": name, "position": place}
            for place, (kind, name, _, _) in rows
        ],
    )
    op.bulk_insert(
        names,
        [
            {"name": name, "language": language, "text": text}
            for _, name, spanish, chinese in _FIRST_OPTIONS
            for language, text in (("es", spanish), ("zh", chinese))
        ],
    )


def _create_notes() -> None:
    op.create_table(
        "visit_note",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("visit_id", sa.String(length=40), nullable=True),
        sa.Column("client_id", sa.String(length=40), nullable=True),
        sa.Column("on_day", sa.Date(), nullable=True),
        sa.Column("practitioner_id", sa.String(length=40), nullable=True),
        sa.Column("focus", sa.String(length=500), server_default="", nullable=False),
        sa.Column("note", sa.String(length=500), server_default="", nullable=False),
        sa.Column("points", sa.Text(), server_default="", nullable=False),
        sa.Column("observations", sa.Text(), server_default="", nullable=False),
        sa.Column("interval_days", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=160), nullable=False),
        sa.CheckConstraint(
            "(visit_id is null) = (client_id is not null)", name=op.f("ck_visit_note_visit_or_client")
        ),
        sa.CheckConstraint(
            "(client_id is null) = (on_day is null)", name=op.f("ck_visit_note_draft_has_day")
        ),
        sa.CheckConstraint("interval_days between 1 and 365", name=op.f("ck_visit_note_interval_days")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_visit_note_visit_id_visit")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_visit_note_client_id_client")),
        sa.ForeignKeyConstraint(
            ["practitioner_id"], ["staff.id"], name=op.f("fk_visit_note_practitioner_id_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_note")),
        sa.UniqueConstraint("visit_id", name=op.f("uq_visit_note_visit_id")),
    )
    op.create_index(op.f("ix_visit_note_client_id_on_day"), "visit_note", ["client_id", "on_day"])
    asked_back = sa.text("interval_days IS NOT NULL")
    op.create_index(
        op.f("ix_visit_note_asked_back"),
        "visit_note",
        ["visit_id"],
        sqlite_where=asked_back,
        postgresql_where=asked_back,
    )


def _create_details() -> None:
    op.create_table(
        "visit_note_option",
        sa.Column("note_id", sa.String(length=40), nullable=False),
        sa.Column("option_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["note_id"],
            ["visit_note.id"],
            name=op.f("fk_visit_note_option_note_id_visit_note"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["option_id"], ["visit_option.id"], name=op.f("fk_visit_note_option_option_id_visit_option")
        ),
        sa.PrimaryKeyConstraint("note_id", "option_id", name=op.f("pk_visit_note_option")),
    )
