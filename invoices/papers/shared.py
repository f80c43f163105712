"""Content common to several papers: the clinic, money, the next visit; and the errors of a paper."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

PageSize = Literal["letter", "a4"]


class PaperRefused(ValueError):
    """This content can't become a paper, however often it is tried. The message states what to change.

    `message` has its blanks in braces, `values` fill them: who shows it translates it first.
    """

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message.format(**values) if values else message)
        self.message = message
        self.values = values


class PaperFailed(RuntimeError):
    """The paper was not made this time; the same content may succeed later."""


@dataclass(frozen=True)
class Logo:
    """The clinic's picture, named by the SHA-256 of its PNG; the bytes are sent beside the content. Pixels."""

    sha256: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Clinic:
    """`legal_name` and `tax_id` are for invoices; `country` is two capitals (ISO 3166).

    `large_print`: the reader asked for larger type.


    `ledger_head`: the clinic's ledger when a document was issued, kept in the PDF's keywords alone.

    `has_address_window`: letters show the client's address where a window envelope shows it.
    """

    name: str
    address_lines: tuple[str, ...] = ()
    phone: str = ""
    email: str = ""
    website: str = ""
    accent: str = "#0F6B5C"
    logo: Logo | None = None
    page_size: PageSize = "letter"
    time_zone: str = "America/Los_Angeles"
    legal_name: str = ""
    tax_id: str = ""
    country: str = "US"
    large_print: bool = False
    has_address_window: bool = False
    ledger_head: str = ""


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """How to find the clinic: where to park, which entrance; `map_url`: where a phone opens the map."""

    parking: str = ""
    entrance: str = ""
    map_url: str = ""


NOTHING_SAID = Arrival()


@dataclass(frozen=True)
class Money:
    """An amount in minor units (cents; whole yen)."""

    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class NextVisit:
    """A booked appointment; `at` is aware and is shown in the clinic's time zone."""

    at: datetime
    treatment: str = ""
    practitioner: str = ""


@dataclass(frozen=True)
class OpenHours:
    """Open on these weekdays (Monday is 0, both included), in minutes of the day."""

    first_day: int
    last_day: int
    opens: int
    closes: int
