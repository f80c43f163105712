"""The content of a voucher's letter, and of the poster of the public page."""

from dataclasses import dataclass
from datetime import date

from invoices.papers.account import Party
from invoices.papers.shared import Clinic


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
