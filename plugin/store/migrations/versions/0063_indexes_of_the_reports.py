"""Indexes that hold all that follow-ups, the progress of courses and unused balances ask for of each row."""

from alembic import op

revision = "0063"
down_revision = "0062"

_WIDER = {
    "ix_listed_course_status": (
        ["status", "course_id"],
        ["client_id", "client_name", "main_left", "expires_on", "last_seen_on", "due_back_on"],
    ),
    "ix_listed_course_visited": (
        ["last_visit_on", "course_id"],
        ["client_id", "client_name", "status", "main_left", "last_seen_on"],
    ),
    "ix_listed_course_sold": (
        ["sold_at", "course_id"],
        [
            *(
                "client_id",
                "package_id",
                "practitioner_id",
                "status",
                "main_granted",
                "main_used",
                "main_left",
            ),
            *("last_seen_on", "last_visit_on", "visits", "visit_days"),
        ],
    ),
}
_PROFILE = ["client_id", "is_current", "is_deleted", "square_customer_id"]


def upgrade() -> None:
    """Apply."""
    for name, (key, more) in _WIDER.items():
        op.create_index(name, "listed_course", [*key, *more])
        op.drop_index(op.f(f"ix_listed_course_{'_'.join(key)}"), "listed_course")
    op.create_index(
        op.f("ix_listed_course_client_id_sold_at_status"),
        "listed_course",
        ["client_id", "sold_at", "status"],
    )
    op.drop_index(op.f("ix_listed_course_client_id"), "listed_course")
    op.create_index("ix_square_customer_of_client", "square_customer", _PROFILE)
    op.drop_index(op.f("ix_square_customer_client_id"), "square_customer")


def downgrade() -> None:
    """Undo."""
    op.create_index(op.f("ix_square_customer_client_id"), "square_customer", ["client_id"])
    op.drop_index("ix_square_customer_of_client", "square_customer")
    op.create_index(op.f("ix_listed_course_client_id"), "listed_course", ["client_id"])
    op.drop_index(op.f("ix_listed_course_client_id_sold_at_status"), "listed_course")
    for name, (key, _more) in _WIDER.items():
        op.create_index(op.f(f"ix_listed_course_{'_'.join(key)}"), "listed_course", key)
        op.drop_index(name, "listed_course")
