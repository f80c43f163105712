"""The content of a gift voucher, of its letter, and of the poster of the public page."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from invoices.papers.account import Party
from invoices.papers.course import AllowanceKind
from invoices.papers.shared import Clinic

# A card on one sheet that is folded twice, its faces as pages of their own, or a sheet that is folded into thirds for a
# window envelope: DL on A4, whose thirds are 99 by 210 mm, #10 on Letter.
VoucherForm = Literal["fold", "pages", "dl"]


@dataclass(frozen=True)
class GiftContent:
    """So many sessions of one treatment in the gift."""

    treatment: str
    sessions: int
    kind: AllowanceKind = "main"


@dataclass(frozen=True, kw_only=True)
class GiftVoucher:
    """`code` redeems it, typed or scanned. `good_until`: the last day, None for no end. It shows no price.

    `months_from_first_visit`: where the expiry counts from the first visit, which has not taken place yet.
    """

    clinic: Clinic
    package_name: str
    contents: tuple[GiftContent, ...]
    giver_name: str
    recipient_name: str
    code: str
    issued_on: date
    message: str = ""
    good_until: date | None = None
    terms: tuple[str, ...] = ()
    language: str = "en"
    months_from_first_visit: int | None = None
    form: VoucherForm = "fold"


@dataclass(frozen=True, kw_only=True)
class VoucherLetter:
    """The letter to whoever bought a gift, which goes with the voucher; it shows neither price nor code."""

    clinic: Clinic
    billed_to: Party
    recipient_name: str
    package_name: str
    issued_on: date
    good_until: date | None = None
    language: str = "en"
    is_folded: bool = True
    has_message: bool = True


@dataclass(frozen=True, kw_only=True)
class ShopPoster:
    """`url`: the public page with the clinic's packages."""

    clinic: Clinic
    url: str
    issued_on: date
    language: str = "en"
