"""Names, phone numbers, e-mail addresses and languages: validated when typed, tolerated from Square."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Required, TypedDict, Unpack

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from plugin.core.text import NAME_LENGTH, clean, digits, folded, optional, required
from plugin.errors import InvalidField
from plugin.wording import N_, _

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}\Z")


@dataclass(frozen=True, slots=True)
class Buyer:
    """The Square customer named by a sale; details are empty where Square gave only an id.

    `address` is written line by line as on a letter; `country` is two capitals, "" if it is not known.
    """

    square_customer_id: str
    name: str = ""
    phone: str | None = None
    email: str | None = None
    # Every id this profile was known by: the one on the sale, and the one Square answers with after a merge.
    known_as: tuple[str, ...] = ()
    # Profiles of people of the same name that were requested from Square and no longer exist.
    gone_ids: tuple[str, ...] = ()
    address: str = ""
    country: str = ""

    @property
    def is_somebody(self) -> bool:
        """Return whether it identifies a person.

        For a card sale without a customer, Square makes a profile that does not.
        """
        return any(clean(one or "") for one in (self.name, self.phone, self.email))


@dataclass(frozen=True, slots=True)
class Contact:
    """A client's details, validated; phone in E.164. `sounds_like`: how the name is said aloud."""

    name: str
    phone: str | None
    email: str | None
    language: str
    sounds_like: str = ""

    def columns(self) -> dict[str, Any]:
        """Return the columns of the client's row that say it, with those by which they are sorted and found."""
        return {
            "name": self.name,
            "name_folded": self.name_folded,
            "search_text": self.search_text,
            "phone": self.phone,
            "email": self.email,
            "language": self.language,
            "sounds_like": self.sounds_like,
        }

    @property
    def name_folded(self) -> str:
        """Return the name as lists sort it."""
        # Folding can make a name longer: "ß" becomes "ss".
        return folded(self.name)[:NAME_LENGTH]

    @property
    def search_text(self) -> str:
        """Return everything a search may find the client by."""
        spoken = [folded(self.sounds_like)] if self.sounds_like else []
        return " ".join([folded(self.name), *spoken, (self.email or "").casefold(), digits(self.phone or "")])


class TypedContact(TypedDict, total=False):
    """A client's details as a person typed them; what is left out, None and "" are the same."""

    name: Required[str | None]
    phone: str | None
    email: str | None
    language: str | None
    sounds_like: str | None


def typed_contact(country: str, **typed: Unpack[TypedContact]) -> Contact:
    """Validate what a person typed; raises InvalidField that names the field and the fix."""
    phone, email = (typed.get("phone") or "").strip(), (typed.get("email") or "").strip()
    return Contact(
        name=required(typed["name"], field="name", called=_("The name")),
        phone=typed_phone(phone, country) if phone else None,
        email=_email(email) if email else None,
        language=typed_language(typed.get("language") or "en"),
        sounds_like=optional(
            typed.get("sounds_like"),
            field="sounds_like",
            called=_("How the name sounds"),
            most=NAME_LENGTH,
        ),
    )


def typed_email(value: str, *, field: str) -> str:
    """Return the address a person typed; raises InvalidField for this field of the form."""
    try:
        return _email(value)
    except InvalidField as refusal:
        raise InvalidField(refusal.message, field=field) from None


def contact_from_square(
    *, name: str, phone: str | None, email: str | None, country: str, language: str = "en"
) -> Contact:
    """Convert Square's details; what can't be parsed is left out.

    A sale is never refused over a typing mistake. If nothing else names the person, the number does, whole or
    not.
    """
    known_phone = _or_none(lambda text: _square_phone(text, country), phone)
    known_email = _or_none(_email, email)
    names = (name, known_email, known_phone, phone if digits(phone or "") else "")
    return Contact(
        name=next(
            (one for each in names if (one := clean(each or "")[:NAME_LENGTH])), "Client without a name"
        ),
        phone=known_phone,
        email=known_email,
        language=language,
    )


def _or_none(check: Callable[[str], str], value: str | None) -> str | None:
    if not value or not value.strip():
        return None
    try:
        return check(value)
    except InvalidField:
        return None


def is_full_phone(e164: str) -> bool:
    """Return whether a stored number could be dialed from anywhere."""
    try:
        return _is_full(phonenumbers.parse(e164))
    except phonenumbers.NumberParseException:
        return False


def typed_phone(value: str, country: str) -> str:
    """Return the number; without a country code it must be a valid one of the clinic's own country.

    Length alone does not decide: eight digits are a full number in Singapore and a local one in Australia.
    """
    number = _parsed_phone(value, country)
    has_country_code = number.country_code_source != phonenumbers.CountryCodeSource.FROM_DEFAULT_COUNTRY
    if not _is_full(number) or not (has_country_code or phonenumbers.is_valid_number(number)):
        raise InvalidField(_NOT_FULL, field="phone")
    return _e164(number)


def _square_phone(value: str, country: str) -> str:
    number = _parsed_phone(value, country)
    if not _is_full(number):
        raise InvalidField(_NOT_FULL, field="phone")
    return _e164(number)


def _parsed_phone(value: str, country: str) -> phonenumbers.PhoneNumber:
    try:
        return phonenumbers.parse(value[:60], country, keep_raw_input=True)
    except phonenumbers.NumberParseException:
        raise InvalidField(_NOT_FULL, field="phone") from None


def _is_full(number: phonenumbers.PhoneNumber) -> bool:
    # `is_possible_number` also accepts a local number without its area code.
    is_possible = phonenumbers.is_possible_number_with_reason(number)
    return bool(is_possible == phonenumbers.ValidationResult.IS_POSSIBLE)


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


_NOT_FULL = N_(
    "This is not a full phone number. Enter it with its area code, or with + and the country code."
)


def _email(value: str) -> str:
    try:
        return validate_email(value.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        raise InvalidField(
            _("That is not an e-mail address. Enter one such as name@example.org."), field="email"
        ) from None


def typed_language(value: str) -> str:
    """Return the tag of a language; raises InvalidField if it is none."""
    if not _LANGUAGE.match(value):
        raise InvalidField(_("A language is a tag such as en, es or zh-Hans."), field="language")
    return value


# A list writes those of its fifty rows each time it is shown.
@lru_cache(maxsize=1024)
def written_phone(e164: str, country: str) -> str:
    """Return the number as it is dialed in the clinic's country."""
    try:
        number = phonenumbers.parse(e164, country)
    except phonenumbers.NumberParseException:
        return e164
    is_home = phonenumbers.region_code_for_number(number) == country
    style = phonenumbers.PhoneNumberFormat
    return str(phonenumbers.format_number(number, style.NATIONAL if is_home else style.INTERNATIONAL))
