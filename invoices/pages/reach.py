"""The ways to reach the clinic, as links: a paper on a phone is tapped to call, to write and to look."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import phonenumbers

from invoices.language import Language
from invoices.papers import Clinic

_WEB_ADDRESS = re.compile(r"(https?://)?[a-z0-9][a-z0-9.-]*\.[a-z]{2,}(:\d+)?(/[!-~]*)?", re.IGNORECASE)
_SHORT_NUMBER = 4
_MAIL_ADDRESS = re.compile(r"[!-~]+@[!-~]+")


@dataclass(frozen=True)
class Way:
    """One way: the text on the paper, where it leads ("" for nowhere), and that in words."""

    text: str
    address: str = ""
    title: str = ""


def ways_to_reach(clinic: Clinic, language: Language) -> tuple[Way, ...]:
    """Return phone, e-mail and website, those that there are."""
    return tuple(_ways(clinic, language))


def phone_way(phone: str, country: str, language: Language) -> Way:
    """Return the way to call a number that is written as in its country."""
    if phone.isascii() and phone.isdecimal() and len(phone) <= _SHORT_NUMBER:
        # An emergency number has no country.
        return Way(phone, f"tel:{phone}", language.gettext("Call {phone}", phone=phone))
    try:
        number = phonenumbers.parse(phone, country or None)
    except phonenumbers.NumberParseException:
        return Way(phone)
    address = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.RFC3966)
    return Way(phone, address, language.gettext("Call {phone}", phone=phone))


def _ways(clinic: Clinic, language: Language) -> Iterator[Way]:
    if clinic.phone:
        yield phone_way(clinic.phone, clinic.country, language)
    if clinic.email:
        email = clinic.email.replace("\u200b", "")
        address = f"mailto:{quote(email, safe='@')}" if _MAIL_ADDRESS.fullmatch(email) else ""
        yield Way(clinic.email, address, language.gettext("Write to {email}", email=email))
    if clinic.website:
        site = clinic.website.replace("\u200b", "")
        address = "" if not _WEB_ADDRESS.fullmatch(site) else site if "://" in site else f"https://{site}"
        yield Way(clinic.website, address, language.gettext("Open {website}", website=site))
