"""Settings from the environment, from the file that NAME_FILE points to, or from the data folder's secrets.

An invalid one stops the start. What is not set there, the owner may set in the browser (`plugin.configuration`):
whoever needs a setting reads it at the moment of use.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Protocol
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from plugin.errors import ConfigurationError
from plugin.secrets_file import NAMES, read_secrets
from plugin.wording import N_

SQUARE_PRODUCTION = "https://connect.squareup.com"
SQUARE_SANDBOX = "https://connect.squareupsandbox.com"
SQUARE_PRACTICE = "http://127.0.0.1:9000"
SHORTEST_SECRET = 32
# The languages that papers, private pages and e-mails are written in.
PAPER_LANGUAGES = ("en", "es", "zh-Hans")
# The networks that Caddy's option of the same name means.
_PRIVATE_RANGES = ("192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8", "127.0.0.0/8", "fd00::/8", "::1/128")
SHORTEST_TOKEN = 20
LONGEST_ISSUER = 30
# Of a name in the DNS, RFC 1035 section 2.3.4: 255 octets, of which two are no characters.
_LONGEST_HOST = 253


def _checked_address(value: str) -> str:
    parts = urlsplit(value)
    host = parts.hostname or ""
    if value and (parts.scheme not in ("http", "https") or not 0 < len(host) <= _LONGEST_HOST):
        raise ValueError(N_("is no web address; write it whole, such as https://desk.example.org"))
    return value


def _checked_review_address(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme != "https" or "." not in (parts.hostname or "") or parts.username is not None):
        raise ValueError(N_("is no https address, such as https://g.page/r/your-clinic/review"))
    return value


@lru_cache(maxsize=16)
def parse_networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return the networks of a comma-separated list, in which `private_ranges` means all private ones.

    Raises ValueError for anything that is neither an address nor a network.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    spelled = [each for name in names for each in (_PRIVATE_RANGES if name == "private_ranges" else (name,))]
    return tuple(ip_network(each) for each in spelled)


def _checked_networks(value: str) -> str:
    try:
        parse_networks(value)
    except ValueError:
        raise ValueError(
            N_(
                "is no list of addresses or networks; write private_ranges, or such as 10.0.0.2, 192.168.7.0/24"
            )
        ) from None
    return value


def _checked_mail_url(value: SecretStr) -> SecretStr:
    # Its library takes longer to import than all the rest, and few commands send e-mail.
    from plugin.mail import MailServer

    if value.get_secret_value():
        MailServer.of(value.get_secret_value())
    return value


def _checked_sender(value: str) -> str:
    # As above.
    from plugin.mail import sender_of

    if value:
        sender_of(value)
    return value


def _checked_token(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and len(value.get_secret_value()) < SHORTEST_TOKEN:
        raise ValueError(
            N_("is too short to be secret; it has at least {least} characters", least=SHORTEST_TOKEN)
        )
    return value


def _checked_issuer(value: str) -> str:
    if value and not (value.isascii() and value.isdecimal() and len(value) <= LONGEST_ISSUER):
        raise ValueError(N_("is a number of digits, as the Google Pay & Wallet Console shows it"))
    return value


def _checked_webhook(value: SecretStr) -> SecretStr:
    # Whatever is written there is called from this machine: over TLS, or on this machine itself.
    url = value.get_secret_value()
    parts = urlsplit(url)
    is_local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if url and not (parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and is_local))):
        raise ValueError(N_("is no https address (http is possible for this machine alone)"))
    return value


def _checked_recipients(value: str) -> str:
    # As above.
    from email_validator import EmailNotValidError, validate_email

    for address in parse_list(value):
        try:
            validate_email(address, check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            raise ValueError(
                N_("{address} is no e-mail address; write them with commas in between", address=address[:60])
            ) from None
    return value


def parse_list(text: str) -> tuple[str, ...]:
    """Return the parts of a comma-separated list."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


_BACKUP_FORMS = N_("is written s3:https://endpoint/bucket, rclone:remote:path or restic:repository")
# A remote of rclone's own configuration, and a repository of restic: nothing that runs a program or is an option.
_RCLONE_REMOTE = re.compile(r"\w[\w .+@-]*:[^\x00-\x1f]*")
_RESTIC_REPOSITORY = re.compile(r"[\w/](?:(?![/@:]-)[^\s\x00-\x1f])*")


def _checked_backup_remote(value: str) -> str:
    kind, _, rest = value.partition(":")
    if kind == "s3":
        parts = urlsplit(rest)
        is_right = parts.scheme in ("http", "https") and bool(parts.hostname and parts.path.strip("/"))
    else:
        form = {"rclone": _RCLONE_REMOTE, "restic": _RESTIC_REPOSITORY}.get(kind)
        is_right = not value or (form is not None and form.fullmatch(rest) is not None)
    if not is_right:
        raise ValueError(_BACKUP_FORMS)
    return value


def _checked_languages(value: str) -> str:
    tags = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
    if not tags or not set(tags) <= set(PAPER_LANGUAGES):
        raise ValueError(
            N_(
                "is a list of languages that papers are written in: {languages}",
                languages=", ".join(PAPER_LANGUAGES),
            )
        )
    return ", ".join(tags)


def _checked_words(value: str) -> str:
    if len(value) > MOST_AGREEMENT_WORDS:
        raise ValueError(N_("has at most {most} characters", most=MOST_AGREEMENT_WORDS))
    return value


MOST_AGREEMENT_WORDS = 500
AgreementWords = Annotated[str, AfterValidator(_checked_words)]
ChangeOfMindKey = Literal[
    "none",
    "us_general",
    "california",
    "new_york",
    "eu_distance",
    "uk_distance",
    "singapore",
    "china",
]
WebAddress = Annotated[str, AfterValidator(_checked_address)]
ProxyNetworks = Annotated[str, AfterValidator(_checked_networks)]


class SettingsSource(Protocol):
    """Where settings are read: fixed `Settings`, or those that the owner may change while the program runs."""

    @property
    def set_by_server(self) -> frozenset[str]:
        """Return the names that the environment sets: nobody changes them in the browser."""
        ...

    @property
    def problems(self) -> Mapping[str, str]:
        """Return why a stored setting is not in use, by its name."""
        ...

    def current(self) -> Settings: ...

    def refresh(self) -> Settings:
        """Return the settings as they are now, with the last change of any process."""
        ...


class Settings(BaseModel):
    """Every setting of Coursekeeper; docs/operate.md explains each one."""

    model_config = ConfigDict(frozen=True)

    database_url: str = "sqlite:///var/coursekeeper.db"
    # Past a pooler of transactions, for backups, upgrades and restores.
    database_direct_url: str = ""
    # Where files lie that are not in the database; with SQLite its own folder, whatever this says.
    data_dir: str = "var"
    secret_key: SecretStr = SecretStr("")
    public_url: WebAddress = "http://127.0.0.1:8000"
    trusted_proxies: ProxyNetworks = "127.0.0.1, ::1"
    square_environment: Literal["practice", "sandbox", "production"] = "practice"
    square_base_url: WebAddress = ""
    square_access_token: SecretStr = SecretStr("")
    square_application_id: str = ""
    square_application_secret: SecretStr = SecretStr("")
    square_location_id: str = ""
    square_webhook_signature_key: SecretStr = SecretStr("")
    square_webhook_url: WebAddress = ""
    mail_url: Annotated[SecretStr, AfterValidator(_checked_mail_url)] = SecretStr("")
    mail_from: Annotated[str, AfterValidator(_checked_sender)] = ""
    # Who gets alarms by e-mail; by default every owner.
    alarm_emails: Annotated[str, AfterValidator(_checked_recipients)] = ""
    # It may hold a password, as those of chat programs do.
    alarm_webhook_url: Annotated[SecretStr, AfterValidator(_checked_webhook)] = SecretStr("")
    alarm_webhook_secret: SecretStr = SecretStr("")
    encryption_keys: SecretStr = SecretStr("")
    # Where several processes count wrong passwords together, if not in the database.
    limits_url: SecretStr = SecretStr("")
    # Without a touch, on shared devices alone.
    lock_after_minutes: int = Field(default=5, ge=1, le=60)
    check_in_screen: bool = False
    # A client who checks in may leave again, or get another treatment than booked.
    check_in_uses_session: bool = False
    # Where clients write a review; the e-mail that asks for one needs it.
    review_url: Annotated[str, AfterValidator(_checked_review_address)] = ""
    # Clients leave a tip on their private page, by a payment link.
    tip_links: bool = False
    # Anybody sees the packages with their prices and terms, and buys one, without a sign-in.
    public_packages: bool = False
    # Clients buy the package of their course again, on their private page and from an e-mail.
    client_buys_again: bool = False
    # Of the clinic's clock: outside these hours no letter goes out.
    letters_from_hour: int = Field(default=9, ge=0, le=23)
    letters_until_hour: int = Field(default=19, ge=1, le=24)
    # Without a visit; then a client counts as away.
    letters_lapsed_weeks: int = Field(default=6, ge=2, le=52)
    # For passes in Apple Wallet: Base64 of DER, each in one line.
    wallet_certificate: str = ""
    wallet_private_key: SecretStr = SecretStr("")
    wallet_intermediate: str = ""
    # For passes in Google Wallet: the issuer, and the JSON of its service account's key.
    google_wallet_issuer_id: Annotated[str, AfterValidator(_checked_issuer)] = ""
    google_wallet_account: SecretStr = SecretStr("")
    # Planned visits are booked in Square Appointments; without a team member, with whoever is free.
    book_appointments: bool = False
    booking_team_member_id: str = ""
    own_ratings: bool = False
    treatment_check: bool = False
    # Default: what clients answer is shown, and nothing waits for it.
    treatment_check_before_use: bool = False
    # What clients answered: their ratings, and the check before a treatment (`courses.retention`).
    client_answer_days: int = Field(default=3 * 366, ge=31, le=36500)
    # Agreements before a sale; "required": no sale begins at the desk without one.
    course_agreements: Literal["off", "offered", "required"] = "off"
    # The period to change one's mind (core/change_of_mind.py).
    change_of_mind: ChangeOfMindKey = "none"
    # The clinic's own words on illness, moving or closing; "": ours.
    agreement_words_en: AgreementWords = ""
    agreement_words_es: AgreementWords = ""
    agreement_words_zh: AgreementWords = ""
    client_languages: Annotated[str, AfterValidator(_checked_languages)] = ", ".join(PAPER_LANGUAGES)
    # Longer than the bodies of events are stored (`courses.retention`).
    retention_days: int = Field(default=90, gt=30, le=3650)
    # HIPAA asks for six years (45 CFR 164.316(b)(2)(i)); docs/privacy.md.
    activity_days: int = Field(default=6 * 366, ge=365, le=36500)
    # The term of the clinic's law on unclaimed property, for a list alone; 0: none was chosen.
    unused_years: int = Field(default=0, ge=0, le=30)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    metrics_token: Annotated[SecretStr, AfterValidator(_checked_token)] = SecretStr("")
    # The folder of the copies; "" is `backups` in the data folder.
    backup_dir: str = ""
    backup_remote: Annotated[str, AfterValidator(_checked_backup_remote)] = ""
    backup_remote_key_id: str = ""
    backup_remote_secret: SecretStr = SecretStr("")
    backup_remote_password: SecretStr = SecretStr("")
    # Where the newest version is published; "" asks nobody.
    update_check_url: WebAddress = ""

    def current(self) -> Settings:
        """Return self: these settings do not change."""
        return self

    refresh = current

    @property
    def set_by_server(self) -> frozenset[str]:
        """Return the names of the settings that were given."""
        return frozenset(self.model_fields_set)

    @property
    def problems(self) -> Mapping[str, str]:
        """Return nothing: a wrong setting of the environment stops the start."""
        return {}

    @property
    def alarm_recipients(self) -> tuple[str, ...]:
        """Return the addresses of `ALARM_EMAILS`."""
        return parse_list(self.alarm_emails)

    @property
    def offered_languages(self) -> tuple[str, ...]:
        """Return the languages that the desk can choose for a client's papers."""
        return tuple(self.client_languages.split(", "))

    @property
    def has_wallet(self) -> bool:
        """Return whether passes for Apple Wallet can be signed."""
        return bool(
            self.wallet_certificate
            and self.wallet_intermediate
            and self.wallet_private_key.get_secret_value()
        )

    @property
    def has_google_wallet(self) -> bool:
        """Return whether passes for Google Wallet can be signed."""
        return bool(self.google_wallet_issuer_id and self.google_wallet_account.get_secret_value())

    @property
    def asks_clients(self) -> bool:
        """Return whether clients are asked anything before a visit."""
        return self.own_ratings or self.treatment_check

    @property
    def use_needs_check(self) -> bool:
        """Return whether the use of a session waits for the check before the treatment."""
        return self.treatment_check and self.treatment_check_before_use

    @property
    def is_https(self) -> bool:
        """Return whether the desk is opened over TLS, which a proxy before us ends."""
        return self.public_url.startswith("https://")

    @property
    def direct_url(self) -> str:
        """Return the address of the database past any pooler."""
        return self.database_direct_url or self.database_url

    @property
    def data_folder(self) -> Path:
        """Return the folder of the SQLite file; with PostgreSQL that of `DATA_DIR`."""
        scheme, _, path = self.database_url.partition(":///")
        if scheme.startswith("sqlite") and path:
            return Path(path.partition("?")[0]).expanduser().parent
        return Path(self.data_dir).expanduser()

    @property
    def missing_secrets(self) -> tuple[str, ...]:
        """Return the names of the secrets that Coursekeeper can make itself and that are not set."""
        return tuple(name for name in NAMES if not getattr(self, name.lower()).get_secret_value())

    @property
    def square_address(self) -> str:
        """Return the address of Square's API: `SQUARE_BASE_URL`, or that of the environment."""
        if self.square_base_url:
            return self.square_base_url.rstrip("/")
        addresses = {"practice": SQUARE_PRACTICE, "sandbox": SQUARE_SANDBOX, "production": SQUARE_PRODUCTION}
        return addresses[self.square_environment]

    @property
    def webhook_address(self) -> str:
        """Return the address that Square signs: `SQUARE_WEBHOOK_URL`, or one below the public address."""
        return self.square_webhook_url or f"{self.public_url.rstrip('/')}/square/webhooks"

    def needing(self, *names: str) -> Settings:
        """Return self; raises ConfigurationError when one of these settings is empty or too weak to use."""
        for name in names:
            value = getattr(self, name)
            if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
                raise ConfigurationError(f"{name.upper()} is missing. {_HOW_TO_SET.get(name, _SET_IT)}")
        if "secret_key" in names and len(self.secret_key.get_secret_value()) < SHORTEST_SECRET:
            raise ConfigurationError(f"SECRET_KEY is too short to be secret. {_HOW_TO_SET['secret_key']}")
        return self


_SET_IT = "Set it under All settings, or in the environment; docs/operate.md lists all settings."
_HOW_TO_SET = {
    "secret_key": "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'",
    "square_access_token": "Paste it under All settings, Square, connect under Square at the desk,"
    " or start with: coursekeeper demo",
    "square_webhook_signature_key": "Copy it from the webhook subscription in the Square Developer Console.",
}


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read all settings; raises ConfigurationError that names the setting and how to fix it."""
    env = os.environ if environment is None else environment
    given = {name: value for name in Settings.model_fields if (value := _value(env, name.upper()))}
    made = read_secrets(validated(given).data_folder)
    return validated({**{name.lower(): value for name, value in made.items()}, **given})


def validated(given: Mapping[str, str]) -> Settings:
    """Return the settings with these values, by name; raises ConfigurationError for the first that is wrong."""
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        raise ConfigurationError(_sentence(error)) from None


def _value(env: Mapping[str, str], variable: str) -> str:
    """Return the value, "" where it is not set; raises ConfigurationError."""
    path = env.get(f"{variable}_FILE")
    if path is None:
        return env.get(variable, "").strip()
    if variable in env:
        raise ConfigurationError(f"{variable} and {variable}_FILE are both set; keep one.")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{variable}_FILE names a file that can’t be read: {error}") from None


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]).upper()
    if name == "SQUARE_ENVIRONMENT":
        return f"{name} is practice, sandbox or production."
    own = first.get("ctx", {}).get("error")
    # In English, whoever reads it: it may be kept for others.
    said = own.args[0][:] if isinstance(own, ValueError) else first["msg"].removeprefix("Input ")
    return f"{name} {said}."
