"""Write the activity log: acts that neither the ledger nor a course's history records."""

from enum import StrEnum

from sqlalchemy.orm import Session

from plugin.core.acts import Act, Actor
from plugin.courses.base.work import Work
from plugin.store import Store
from plugin.store.changes import Activity

NAME_LENGTH, TEXT_LENGTH, REASON_LENGTH = 200, 4000, 300
SET, REMOVED = "set", "removed"


class Did(StrEnum):
    """What was done; the part before the dot is what the log is filtered by."""

    STAFF_INVITED = "staff.invited"
    STAFF_INVITED_AGAIN = "staff.invited_again"
    STAFF_WITHDRAWN = "staff.withdrawn"
    STAFF_ADDED = "staff.added"
    STAFF_CHANGED = "staff.changed"
    STAFF_DEACTIVATED = "staff.deactivated"
    STAFF_REACTIVATED = "staff.reactivated"
    STAFF_RESET = "staff.reset_link"
    STAFF_PASSWORD = "staff.password"  # noqa: S105 - the name of an act
    STAFF_SECOND_STEP = "staff.second_step"
    STAFF_CODES = "staff.recovery_codes"
    STAFF_PASSKEY = "staff.passkey"
    STAFF_PIN = "staff.pin"
    DEVICE_SHARED = "staff.device_shared"
    DEVICE_REMOVED = "staff.device_removed"
    CHECK_IN_STARTED = "staff.check_in_started"
    CHECK_IN_ENDED = "staff.check_in_ended"
    TOKEN_CREATED = "staff.token_created"  # noqa: S105 - the name of an act
    TOKEN_REVOKED = "staff.token_revoked"  # noqa: S105 - the name of an act
    SIGNED_IN = "sign_in.started"
    SIGN_IN_FAILED = "sign_in.failed"
    SIGNED_OUT = "sign_in.ended"
    SETTING_CHANGED = "setting.changed"
    HOURS_CHANGED = "setting.hours"
    SERVICE_CHANGED = "setting.booked_service"
    SETUP_STEP = "setting.setup"
    BOOKS_CLOSED = "setting.books_closed"
    JOURNAL_CHART_CHANGED = "setting.journal_accounts"
    RECEIVER_ADDED = "setting.receiver_added"
    RECEIVER_KEY = "setting.receiver_key"
    RECEIVER_ENDED = "setting.receiver_ended"
    SQUARE_CONNECTED = "setting.square_connected"
    SQUARE_DISCONNECTED = "setting.square_disconnected"
    PACKAGE_CREATED = "package.created"
    PACKAGE_CHANGED = "package.changed"
    PACKAGE_ON_SALE = "package.on_sale"
    PACKAGE_PUBLIC = "package.public"
    TEXT_CHANGED = "text.changed"
    CHECK_LIST_CHANGED = "text.check_list"
    VISIT_LIST_CHANGED = "text.visit_list"
    LETTER_CHANGED = "text.letter"
    NAMES_CHANGED = "text.names"
    NOTE_CHANGED = "client.visit_note"
    CLIENT_CREATED = "client.created"
    CLIENT_CHANGED = "client.changed"
    CLIENTS_MERGED = "client.merged"
    MERGE_UNDONE = "client.merge_undone"
    CLIENT_ERASED = "client.erased"
    PRIVATE_LINK = "client.private_link"
    RATINGS_DELETED = "client.ratings_deleted"
    HANDED_OVER = "client.handed_over"
    QUOTE_MADE = "client.quote_made"
    QUOTE_WITHDRAWN = "client.quote_withdrawn"
    AGREEMENT_SIGNED = "client.agreement_signed"
    AGREEMENT_WITHDRAWN = "client.agreement_withdrawn"
    WALLET_ASKED = "client.wallet_asked"
    WALLET_ADDED = "client.wallet_added"
    WALLET_REMOVED = "client.wallet_removed"
    ITEM_RESOLVED = "client.item_resolved"
    DATA_DOWNLOADED = "data.downloaded"
    IMPORTED = "data.imported"
    IMPORT_UNDONE = "data.import_undone"
    BACKUP_MADE = "data.backup_made"
    BACKUP_RESTORED = "data.backup_restored"
    BACKUP_PASSPHRASE = "data.backup_passphrase"  # noqa: S105 - the name of an act


def record_activity(
    session: Session,
    store: Store,
    act: Act,
    kind: Did,
    *,
    name: str = "",
    before: str = "",
    after: str = "",
    reason: str = "",
    client_id: str | None = None,
    subject_id: str = "",
    by: Actor | None = None,
) -> None:
    """Record an act in the transaction that does it. No secret, and nothing typed into a password field, goes in.

    `by`: who acts, where that is not the act's actor. Texts are cut to what the table holds.
    """
    actor = by or act.actor
    session.add(
        Activity(
            id=store.new_id(),
            kind=kind.value,
            at=act.now,
            by=actor.name,
            staff_id=actor.staff_id,
            source=actor.source.value,
            client_id=client_id,
            subject_id=subject_id,
            name=name[:NAME_LENGTH],
            before=before[:TEXT_LENGTH],
            after=after[:TEXT_LENGTH],
            reason=reason[:REASON_LENGTH],
        )
    )


def record_in(work: Work, kind: Did, **facts: str | None) -> None:
    """Record an act of this unit of work; the facts are those of `record_activity`."""
    record_activity(work.session, work.store, work.act, kind, **facts)  # type: ignore[arg-type]  # texts and ids
