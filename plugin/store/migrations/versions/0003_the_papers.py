"""The papers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from plugin.store import triggers

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""

    op.create_table(
        "document_series",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("prefix", sa.String(length=12), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.CheckConstraint("first between 1 and 9999999", name=op.f("ck_document_series_first")),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_document_series")),
    )
    op.create_table(
        "logo",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_logo")),
    )
    op.create_table(
        "sale_record",
        sa.Column("square_order_id", sa.String(length=192), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("square_order_id", name=op.f("pk_sale_record")),
    )
    op.create_table(
        "document",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column(
            "place_before",
            sa.Integer(),
            sa.Computed("CASE WHEN place > 1 THEN place - 1 END", persisted=True),
            nullable=True,
        ),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=192), nullable=False),
        sa.Column("refers_to", sa.String(length=40), nullable=True),
        sa.Column("square_order_id", sa.String(length=192), nullable=True),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.CheckConstraint(
            "(kind = 'credit_note') = (refers_to is not null)", name=op.f("ck_document_credit_note_refers")
        ),
        sa.CheckConstraint(
            "kind in ('invoice', 'credit_note', 'gift_voucher')", name=op.f("ck_document_kind")
        ),
        sa.CheckConstraint("place >= 1", name=op.f("ck_document_place")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_document_client_id")),
        sa.ForeignKeyConstraint(
            ["kind", "place_before"], ["document.kind", "document.place"], name="fk_document_no_gap"
        ),
        sa.ForeignKeyConstraint(["refers_to"], ["document.id"], name=op.f("fk_document_refers_to")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("kind", "number", name=op.f("uq_document_kind_number")),
        sa.UniqueConstraint("kind", "place", name=op.f("uq_document_kind_place")),
        sa.UniqueConstraint("kind", "subject", name=op.f("uq_document_kind_subject")),
    )
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_client_id"), ["client_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_document_issued_at"), ["issued_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_document_refers_to"), ["refers_to"], unique=False)
        batch_op.create_index(batch_op.f("ix_document_square_order_id"), ["square_order_id"], unique=False)

    op.create_table(
        "paper_batch",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("wish", sa.JSON(), nullable=False),
        sa.Column("form", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=True),
        sa.Column("cancel_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file", sa.LargeBinary(), nullable=True),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("form in ('pdf', 'zip')", name=op.f("ck_paper_batch_form")),
        sa.CheckConstraint(
            "state in ('waiting', 'making', 'ready', 'canceled', 'failed')", name=op.f("ck_paper_batch_state")
        ),
        sa.CheckConstraint("done between 0 and total", name=op.f("ck_paper_batch_done")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_paper_batch_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_batch")),
    )
    with op.batch_alter_table("paper_batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_batch_created_at"), ["created_at"], unique=False)

    op.create_table(
        "private_page",
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("token", sa.String(length=43), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_private_page_client_id")),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_private_page")),
        sa.UniqueConstraint("token", name=op.f("uq_private_page_token")),
    )
    op.create_table(
        "treatment_text",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("treatment_id", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.Column("is_reviewed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_treatment_text_version")),
        sa.ForeignKeyConstraint(
            ["treatment_id"], ["treatment.id"], name=op.f("fk_treatment_text_treatment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_treatment_text")),
        sa.UniqueConstraint(
            "treatment_id",
            "language",
            "version",
            name=op.f("uq_treatment_text_treatment_id_language_version"),
        ),
    )
    op.create_table(
        "document_course",
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_document_course_course_id")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_document_course_document_id")
        ),
        sa.PrimaryKeyConstraint("document_id", "course_id", name=op.f("pk_document_course")),
    )
    with op.batch_alter_table("document_course", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_course_course_id"), ["course_id"], unique=False)

    op.create_table(
        "document_file",
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_document_file_document_id")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document_file")),
    )
    op.create_table(
        "visit_letter",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("visit_id", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=False),
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("mail_to", sa.String(length=254), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("said", sa.String(length=400), nullable=False),
        sa.Column("owed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'owed') = (done_at is null)", name=op.f("ck_visit_letter_done_together")
        ),
        sa.CheckConstraint(
            "state in ('owed', 'sent', 'refused', 'left')", name=op.f("ck_visit_letter_state")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_visit_letter_client_id")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_visit_letter_course_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_visit_letter_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_letter")),
        sa.UniqueConstraint("visit_id", "client_id", name=op.f("uq_visit_letter_visit_id_client_id")),
    )
    with op.batch_alter_table("visit_letter", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visit_letter_client_id"), ["client_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_letter_state_done_at"), ["state", "done_at"], unique=False)

    with op.batch_alter_table("client", schema=None) as batch_op:
        batch_op.add_column(sa.Column("wants_mail", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.add_column(
            sa.Column("mail_problem", sa.String(length=400), server_default="", nullable=False)
        )

    with op.batch_alter_table("clinic", schema=None) as batch_op:
        batch_op.add_column(sa.Column("legal_name", sa.String(length=160), server_default="", nullable=False))
        batch_op.add_column(sa.Column("tax_id", sa.String(length=40), server_default="", nullable=False))
        batch_op.add_column(sa.Column("logo_sha256", sa.String(length=64), nullable=True))
        batch_op.add_column(
            sa.Column("has_e_invoices", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("sends_papers", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.create_foreign_key(batch_op.f("fk_clinic_logo_sha256"), "logo", ["logo_sha256"], ["sha256"])

    with op.batch_alter_table("treatment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("suggested_days", sa.Integer(), nullable=True))
        batch_op.create_check_constraint(
            batch_op.f("ck_treatment_suggested_days"), "suggested_days between 1 and 365"
        )

    for statement in triggers.creation_of_whole(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""

    for statement in triggers.removal_of_whole(op.get_bind().dialect.name):
        op.execute(statement)

    with op.batch_alter_table("treatment", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_treatment_suggested_days"), type_="check")
        batch_op.drop_column("suggested_days")

    with op.batch_alter_table("clinic", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_clinic_logo_sha256"), type_="foreignkey")
        batch_op.drop_column("sends_papers")
        batch_op.drop_column("has_e_invoices")
        batch_op.drop_column("logo_sha256")
        batch_op.drop_column("tax_id")
        batch_op.drop_column("legal_name")

    with op.batch_alter_table("client", schema=None) as batch_op:
        batch_op.drop_column("mail_problem")
        batch_op.drop_column("wants_mail")

    with op.batch_alter_table("visit_letter", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_letter_state_done_at"))
        batch_op.drop_index(batch_op.f("ix_visit_letter_client_id"))

    op.drop_table("visit_letter")
    op.drop_table("document_file")
    with op.batch_alter_table("document_course", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_document_course_course_id"))

    op.drop_table("document_course")
    op.drop_table("treatment_text")
    op.drop_table("private_page")
    with op.batch_alter_table("paper_batch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_paper_batch_created_at"))

    op.drop_table("paper_batch")
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_document_square_order_id"))
        batch_op.drop_index(batch_op.f("ix_document_refers_to"))
        batch_op.drop_index(batch_op.f("ix_document_issued_at"))
        batch_op.drop_index(batch_op.f("ix_document_client_id"))

    op.drop_table("document")
    op.drop_table("sale_record")
    op.drop_table("logo")
    op.drop_table("document_series")
