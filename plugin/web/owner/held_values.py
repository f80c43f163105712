"""What the stored codes of a client's data mean, in the words of the screens; the export for programs has the codes."""

from collections.abc import Mapping
from typing import Any

from babel import Locale

from plugin.courses.attention.items import KINDS as ATTENTION
from plugin.courses.documents.read import KINDS as DOCUMENTS
from plugin.courses.letters.kinds import TITLES as LETTERS
from plugin.courses.refunds.desk_refunds import CALLED as FORMULAS
from plugin.job_registry import JOBS
from plugin.stored_sentences import in_words
from plugin.web.reports.activity import SOURCES
from plugin.web.translations import N_
from plugin.wording import spoken_tag

_PAPERS = {
    "summary": N_("Course summary"),
    "aftercare": N_("Aftercare sheet"),
    "welcome": N_("Welcome sheet"),
    "planner": N_("Visit planner"),
    "next_visit": N_("Next visit"),
    "help_card": N_("Help card"),
}
# Codes whose meaning depends on their table.
_OF_TABLE: Mapping[tuple[str, str], Mapping[Any, str]] = {
    ("attention", "kind"): {kind: each.title for kind, each in ATTENTION.items()},
    ("bulk_item", "state"): {"refused": N_("Refused")},
    ("client_letter", "kind"): LETTERS,
    ("desk_refund", "formula"): FORMULAS,
    ("document", "kind"): DOCUMENTS,
    ("handout", "kind"): _PAPERS,
    ("history", "kind"): {
        "refund": N_("Refund"),
        "kept": N_("Left as it was"),
        "transferred": N_("Transferred"),
    },
    ("letter_choice", "kind"): LETTERS,
    ("outbox", "kind"): {kind: each.title for kind, each in JOBS.items()},
    ("paper", "kind"): _PAPERS,
    # Their names.
    ("wallet_pass", "place"): {"google": "Google Wallet", "apple": "Apple Wallet"},
}
CODED = frozenset(
    (
        *(
            "answer",
            "asked_for",
            "booking_state",
            "change_of_mind",
            "channel",
            "closed_as",
            "ends_as",
            "formula",
        ),
        *("kind", "outcome", "place", "source", "state", "status", "terms_mind", "way"),
    )
)
_CODES = {
    # Of sales, tips, refunds, e-mails, jobs.
    "asking": N_("Waits for Square"),
    "waiting": N_("Not paid yet"),
    "paid": N_("Paid"),
    "unpaid": N_("Not paid"),
    "canceled": N_("Canceled"),
    "timed_out": N_("Payment timed out"),
    "failed": N_("Failed"),
    "pending": N_("Waiting"),
    "completed": N_("Completed"),
    "done": N_("Done"),
    "ignored": N_("Ignored"),
    "delivered": N_("Delivered"),
    "owed": N_("Waits"),
    "planned": N_("Waits"),
    "sending": N_("Waits"),
    "sent": N_("Sent"),
    "left": N_("Not needed"),
    "refused": N_("Not delivered"),
    "chosen": N_("Selected"),
    "undone": N_("Undone"),
    "kept": N_("Left as it was"),
    # Of entries and the history.
    "sold": N_("Sold"),
    "reversed": N_("Undone"),
    "adjusted": N_("Adjusted"),
    "transferred_out": N_("Transferred out"),
    "transferred_in": N_("Transferred in"),
    "refunded": N_("Refunded"),
    "transferred": N_("Transferred"),
    "expired": N_("Expired"),
    "written_off": N_("Written off"),
    "allowed": N_("Allowed before it was paid"),
    "assigned": N_("Assigned"),
    "closed": N_("Closed"),
    "dispute": N_("Disputed payment"),
    "erased": N_("Erased"),
    "exchanged": N_("Exchanged"),
    "extended": N_("Extended"),
    "first_use": N_("First visit"),
    "frozen": N_("On hold"),
    "gift_back": N_("Gift taken back"),
    "given": N_("Given"),
    "late": N_("Entered later"),
    "linked": N_("Linked"),
    "merged": N_("Merged"),
    "paper_mailed": N_("Paper e-mailed"),
    "redeemed": N_("Redeemed"),
    "reopened": N_("Reopened"),
    "share_ended": N_("Sharing ended"),
    "shared": N_("Shared"),
    "thawed": N_("Resumed"),
    # Of sessions and appointments.
    "main": N_("Main"),
    "touch_up": N_("Touch-up"),
    "add_on": N_("Add-on"),
    "used": N_("Used"),
    "charged": N_("No-show charged"),
    "forgiven": N_("No-show waived"),
    "no_show": N_("No-show"),
    "booked": N_("Booked"),
    # How it was paid or signed, where it was answered.
    "till": N_("Square POS"),
    "terminal": N_("Square Terminal"),
    "link": N_("Payment link"),
    "cash": N_("Cash"),
    "other": N_("Other"),
    "invoice": N_("Invoice"),
    "drawn": N_("Drawn on a screen"),
    "typed": N_("By typing the name"),
    "paper": N_("On paper, recorded here"),
    "clinic": N_("At the clinic"),
    "distance": N_("Not at the clinic"),
    "none": N_("None"),
    "ask": N_("To be discussed"),
    "page": N_("Client page"),
    "screen": N_("Check-in screen"),
    "handed": N_("Device handed over"),
    **{code: said for code, said in SOURCES.items() if code},
    # Square's own, in small letters.
    "accepted": N_("Accepted"),
    "cancelled_by_customer": N_("Canceled by the client"),
    "cancelled_by_seller": N_("Canceled by the clinic"),
    "declined": N_("Declined"),
    "rejected": N_("Rejected"),
    "approved": N_("Accepted"),
    "won": N_("Won"),
    "lost": N_("Lost"),
    "processing": N_("With the bank"),
    "evidence_required": N_("Evidence required"),
    "inquiry_processing": N_("With the bank"),
    "inquiry_evidence_required": N_("Evidence required"),
    "inquiry_closed": N_("Closed"),
}
# Sentences that were stored in English, and who acted, which may be Coursekeeper or Square.
_SENTENCES = frozenset(
    (
        *(
            "booking_problem",
            "by",
            "mail_problem",
            "notice",
            "problem",
            "reason",
            "said",
            "summary",
            "text",
            "why",
        ),
        *("arrived_by", "ended_by", "erased_by", "outcome", "outcome_by", "redeemed_by", "resolved_by"),
        *("started_by", "taken_back_by", "talked_by", "undone_by"),
    )
)


def held_value(value: object, table: str, column: str) -> object:
    """Return a stored value in words: a code of ours or Square’s, a stored sentence, a language, a country."""
    if not isinstance(value, str):
        return value
    known = code_word(value, table, column)
    if known is not None:
        return known
    if column in _SENTENCES:
        return in_words(value, spoken_tag())
    if column in ("language", "country"):
        return _place_or_language(value, column)
    return value


def code_word(code: str, table: str, column: str) -> str | None:
    """Return the words of a code, None where the column has none or the code is not known."""
    if column not in CODED:
        return None
    said = _OF_TABLE.get((table, column), {}).get(code) or _CODES.get(code.lower())
    return None if said is None else str(said)


def _place_or_language(code: str, column: str) -> str:
    locale = Locale.parse(spoken_tag() or "en", sep="-")
    names = locale.territories if column == "country" else locale.languages
    return str(names.get(code.partition("-")[0], code))
