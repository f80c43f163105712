"""Which tests run on PostgreSQL too."""

# Where a lock, a constraint, a trigger or a query is at stake: these tests run on both engines, all others on SQLite.
BOTH_ENGINES = (
    "tests/alarms/",
    "tests/api/test_clients.py",
    "tests/api/test_health.py",
    "tests/api/test_keys.py",
    "tests/api/test_races.py",
    "tests/backups/test_drill.py",
    "tests/backups/test_upgrading.py",
    "tests/budgets/",
    "tests/configuration/test_live.py",
    "tests/courses/documents/",
    "tests/courses/lists/test_listing.py",
    "tests/courses/test_activity.py",
    "tests/courses/test_attention.py",
    "tests/courses/test_audit.py",
    "tests/courses/test_book.py",
    "tests/courses/test_change_races.py",
    "tests/courses/test_check_in.py",
    "tests/courses/test_clients.py",
    "tests/courses/test_clinic.py",
    "tests/courses/test_due_today.py",
    "tests/courses/test_invitations.py",
    "tests/courses/test_progress.py",
    "tests/courses/test_queues.py",
    "tests/courses/test_races.py",
    "tests/courses/test_reports.py",
    "tests/courses/test_reverse.py",
    "tests/courses/test_sign_in_races.py",
    "tests/courses/test_state.py",
    "tests/courses/test_totals.py::test_totals_of_both",
    "tests/courses/test_totals.py::test_uses_follow",
    "tests/courses/test_use.py",
    "tests/project/test_base.py",
    "tests/square/test_any_order.py",
    "tests/square/test_connection.py",
    "tests/square/test_payment_events.py",
    "tests/square/test_polling.py",
    "tests/square/test_sales.py",
    "tests/square/test_trouble.py",
    "tests/store/",
    "tests/stories/",
    "tests/web/test_live.py",
    "tests/web/test_nul.py",
    "tests/web/test_setup.py",
    "tests/web/test_webhooks.py",
)


def engines_of(nodeid: str) -> tuple[str, ...]:
    """Return the engines on which a test runs that asks for a database of either kind."""
    return ("sqlite", "postgresql") if nodeid.startswith(BOTH_ENGINES) else ("sqlite",)
