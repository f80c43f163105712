"""Which two accounts each kind of amount moves between, and the section of the journal it stands in. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from plugin.core.ledger import Kind
from plugin.courses.journal.accounts import Role
from plugin.courses.reports.lines import EARNED_AHEAD, IMPORTED
from plugin.wording import N_


class Section(StrEnum):
    """The entries of a month, each balanced by itself, in their order."""

    PAYMENTS = "payments"
    USED = "used"
    REFUNDS = "refunds"
    FEES = "fees"
    GIFTS = "gifts"
    CHANGES = "changes"


TITLES: Mapping[Section, str] = {
    Section.PAYMENTS: N_("Payments"),
    Section.USED: N_("Sessions used"),
    Section.REFUNDS: N_("Refunds"),
    Section.FEES: N_("Square fees"),
    Section.GIFTS: N_("Gift vouchers"),
    Section.CHANGES: N_("Write-offs and changes"),
}

# What waits as a gift voucher is no entry of the ledger.
GIVEN = "given"


@dataclass(frozen=True, slots=True)
class Posting:
    """The section of a kind of amount, and what it is called."""

    section: Section
    called: str


# What the ledger's value added to a course is debited to; value taken from it the other way round.
AGAINST_DEFERRED: Mapping[str, Role] = {
    Kind.SOLD.value: Role.ADJUSTMENTS,
    Kind.PAID.value: Role.CLEARING,
    IMPORTED: Role.OPENING,
    Kind.USED.value: Role.EARNED,
    EARNED_AHEAD: Role.EARNED,
    Kind.REFUNDED.value: Role.REFUND_DIFFERENCE,
    Kind.EXPIRED.value: Role.WRITTEN_OFF,
    Kind.WRITTEN_OFF.value: Role.WRITTEN_OFF,
    Kind.ADJUSTED.value: Role.ADJUSTMENTS,
    # The reversal of a reversal, which no use case writes: it must not be lost either.
    Kind.REVERSED.value: Role.ADJUSTMENTS,
    Kind.TRANSFERRED_OUT.value: Role.TRANSFERS,
    Kind.TRANSFERRED_IN.value: Role.TRANSFERS,
    # A gift voucher waits: its course's value stands in another account meanwhile.
    GIVEN: Role.GIFT_VOUCHERS,
}

POSTINGS: Mapping[str, Posting] = {
    Kind.PAID.value: Posting(Section.PAYMENTS, N_("Paid for courses")),
    IMPORTED: Posting(Section.PAYMENTS, N_("Imported courses")),
    "tax": Posting(Section.PAYMENTS, N_("Tax")),
    "tip": Posting(Section.PAYMENTS, N_("Tips")),
    "other": Posting(Section.PAYMENTS, N_("Other on the ticket")),
    "tender": Posting(Section.PAYMENTS, N_("Not paid by card")),
    Kind.USED.value: Posting(Section.USED, N_("Sessions used")),
    EARNED_AHEAD: Posting(Section.USED, N_("Paid after use")),
    Kind.REFUNDED.value: Posting(Section.REFUNDS, N_("Sessions removed")),
    "refund_money": Posting(Section.REFUNDS, N_("Refunded for courses")),
    "refund_tax": Posting(Section.REFUNDS, N_("Tax refunded")),
    "refund_tip": Posting(Section.REFUNDS, N_("Tips refunded")),
    "refund_other": Posting(Section.REFUNDS, N_("Other goods refunded")),
    "refund_tender": Posting(Section.REFUNDS, N_("Not refunded to a card")),
    "fee": Posting(Section.FEES, N_("Square fees")),
    "refund_fee": Posting(Section.FEES, N_("Square fees of refunds")),
    GIVEN: Posting(Section.GIFTS, N_("Vouchers given and redeemed")),
    Kind.SOLD.value: Posting(Section.CHANGES, N_("Value sold")),
    Kind.EXPIRED.value: Posting(Section.CHANGES, N_("Expired, written off by you")),
    Kind.WRITTEN_OFF.value: Posting(Section.CHANGES, N_("Written off by you")),
    Kind.ADJUSTED.value: Posting(Section.CHANGES, N_("Adjusted")),
    Kind.REVERSED.value: Posting(Section.CHANGES, N_("Adjusted")),
    Kind.TRANSFERRED_OUT.value: Posting(Section.CHANGES, N_("Moved between courses")),
    Kind.TRANSFERRED_IN.value: Posting(Section.CHANGES, N_("Moved between courses")),
}
