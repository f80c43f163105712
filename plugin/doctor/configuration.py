"""Settings: are they valid, where does each come from, and what is missing for what."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from plugin.courses.square_health import read_connection
from plugin.doctor.finding import Finding, ok, warning, wrong
from plugin.errors import ConfigurationError
from plugin.mail import SmtpMailer
from plugin.secrets_file import FILE_NAME
from plugin.settings import Settings, SettingsSource, read_settings
from plugin.store import Store
from plugin.vault import Vault

_OPERATE = "docs/operate.md lists all settings."


def readable(environment: Mapping[str, str]) -> tuple[Settings | None, list[str]]:
    """Return the settings without those that are wrong, and a sentence for each of these."""
    rest, refused = dict(environment), list[str]()
    while True:
        try:
            return read_settings(rest), refused
        except ConfigurationError as error:
            refused.append(error.message)
            name = error.message.split()[0].removesuffix("_FILE")
            if not {name, f"{name}_FILE"} & rest.keys():
                return None, refused
            rest = {key: value for key, value in rest.items() if key not in (name, f"{name}_FILE")}


def origins(environment: Mapping[str, str], source: SettingsSource) -> dict[str, str]:
    """Return where each setting that is not a default comes from, by its name."""
    now, default = source.current(), Settings()
    found = {}
    for name in Settings.model_fields:
        upper = name.upper()
        if f"{upper}_FILE" in environment:
            found[upper] = environment[f"{upper}_FILE"]
        elif environment.get(upper, "").strip():
            found[upper] = "environment"
        elif name in source.set_by_server:
            found[upper] = f"{now.data_folder / FILE_NAME}"
        elif getattr(now, name) != getattr(default, name):
            found[upper] = "All settings"
    return found


def secret_files(environment: Mapping[str, str], settings: Settings) -> tuple[Path, ...]:
    names = (f"{each.upper()}_FILE" for each in Settings.model_fields)
    return (
        settings.data_folder / FILE_NAME,
        *(Path(environment[name]) for name in names if name in environment),
    )


def where_from(environment: Mapping[str, str], source: SettingsSource) -> Iterator[Finding]:
    """Say where the settings come from, and which stored ones can't be used."""
    known = origins(environment, source)
    said = ", ".join(f"{name} ({origin})" for name, origin in known.items()) or "none"
    yield ok("Set", f"{said}; the rest has its default")
    for name, sentence in source.problems.items():
        yield wrong("Settings", sentence, f"Enter {name.upper()} again under All settings.")


def secrets(settings: Settings) -> Iterator[Finding]:
    """Check the secrets that the program itself needs."""
    try:
        settings.needing("secret_key")
        yield ok("SECRET_KEY", "present")
    except ConfigurationError as error:
        yield wrong("SECRET_KEY", error.message.partition(" Make")[0], f"Set it. {_OPERATE}")
    keys = settings.encryption_keys.get_secret_value()
    # Raises ConfigurationError for a key that can't be used.
    Vault(keys)
    if keys:
        yield ok("ENCRYPTION_KEYS", "present")
    else:
        said = "Missing: tokens and keys of Square can’t be stored."
        yield warning("ENCRYPTION_KEYS", said, f"Set it, and keep it apart from the backups. {_OPERATE}")


def square(settings: Settings, store: Store) -> Iterator[Finding]:
    """Check that there is a way to call Square, and a key to check its events with."""
    known = read_connection(store)
    if settings.square_access_token.get_secret_value() or known.has_permission:
        way = "a token" if settings.square_access_token.get_secret_value() else "a permission by OAuth"
        yield ok("Square", f"{settings.square_environment}, by {way}")
    else:
        said = f"Not connected to the {settings.square_environment} environment."
        yield wrong("Square", said, "Connect under Settings, Square, or set SQUARE_ACCESS_TOKEN.")
    if not (settings.square_webhook_signature_key.get_secret_value() or known.signature_key_sealed):
        said = "No signature key: every event is refused, sales are found by the sync only."
        yield warning("Events", said, "Make the subscription under Settings, Square.")


def mail(settings: Settings) -> Iterator[Finding]:
    """Check that e-mail is set up."""
    # Raises ConfigurationError for an address that can't be read.
    mailer = SmtpMailer(settings.mail_url.get_secret_value(), settings.mail_from)
    if mailer.is_ready:
        yield ok("E-mail", f"sent as {settings.mail_from}")
    else:
        mend = "Set server and sender under All settings."
        yield warning("E-mail", "Not set up: no e-mail is sent.", mend)


def address(settings: Settings) -> Iterator[Finding]:
    """Check the public address."""
    if settings.public_url.startswith("https://"):
        yield ok("PUBLIC_URL", settings.public_url)
    elif urlsplit(settings.public_url).hostname in ("127.0.0.1", "localhost", "::1"):
        said = f"{settings.public_url}: only this machine can open the desk."
        yield warning("PUBLIC_URL", said, "Set it to the https address that tablets and Square use.")
    else:
        said = f"{settings.public_url} is not https: cookies and passwords travel in plain text."
        yield warning(
            "PUBLIC_URL", said, "Put a proxy with TLS in front and set PUBLIC_URL to its https address."
        )
