"""The machine and what is outside it: Python, libraries, printer, disk; Square, mail and address only on request."""

import json
import platform
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPMessage
from importlib import metadata
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from invoices.papers import Clinic as LetterheadClinic
from plugin.alarms.condition import Condition, State
from plugin.alarms.machine_checks import CLOCK_MAY_DIFFER, LITTLE_SPACE
from plugin.alarms.registry import conditions
from plugin.courses.handouts.text_check import example_summary
from plugin.courses.health_facts import WORKER, health_facts, last_seen
from plugin.doctor.finding import Finding, ok, warning, wrong
from plugin.errors import MailFailed, SquareFailed
from plugin.mail import SmtpMailer
from plugin.services import Render, Services
from plugin.settings import Settings
from plugin.square.client.calls import granted_scopes
from plugin.square.connection.check import missing

NAME = "coursekeeper"
ROOT = Path(__file__).resolve().parents[2]
# A backup needs room for a whole copy beside the database, and papers need some.
TOO_LITTLE_SPACE = 200_000_000
_INSTALL = "Run make setup, or pip install --require-hashes -r requirements.txt."


def python() -> Iterator[Finding]:
    """Check the version of Python."""
    running = platform.python_version()
    wanted = metadata.metadata(NAME)["Requires-Python"] or ">=3.11"
    if SpecifierSet(wanted).contains(running, prereleases=True):
        yield ok("Python", f"{running} at {sys.executable}")
    else:
        yield wrong(
            "Python", f"{running} runs; {wanted} is needed.", "Install a newer Python, then set up again."
        )


def libraries() -> Iterator[Finding]:
    """Check the installed libraries against what Coursekeeper asks for, and against its lock file."""
    wanted = [Requirement(text) for text in metadata.requires(NAME) or ()]
    wanted = [each for each in wanted if each.marker is None or each.marker.evaluate({"extra": ""})]
    bad = [text for each in wanted if (text := _bad(each))]
    if bad:
        yield wrong("Libraries", f"Not as needed: {', '.join(bad)}.", _INSTALL)
        return
    yield ok("Libraries", f"all {len(wanted)} that are needed are installed")
    if locked := locked_versions():
        other = [f"{name} {known}" for name, version in locked.items() if (known := _other(name, version))]
        if other:
            said = f"Other versions than tested: {', '.join(sorted(other)[:8])}."
            yield warning("Lock file", said, _INSTALL)
        else:
            yield ok("Lock file", f"{len(locked)} libraries as tested")


def _bad(wanted: Requirement) -> str:
    try:
        installed = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return f"{wanted.name} is missing"
    if wanted.specifier.contains(installed, prereleases=True):
        return ""
    return f"{wanted.name} {installed} instead of {wanted.specifier}"


def _other(name: str, version: str) -> str:
    try:
        installed = metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
    return f"{installed} instead of {version}" if installed != version else ""


def locked_versions(folder: Path = ROOT) -> Mapping[str, str]:
    """Return the versions of the lock file for this machine; empty where the program was installed without one."""
    lock = folder / "requirements.txt"
    if not lock.is_file():
        return {}
    lines = (line.rstrip(" \\") for line in lock.read_text().splitlines() if line[:1].isalnum())
    pins = (Requirement(line) for line in lines)
    here = (pin for pin in pins if pin.marker is None or pin.marker.evaluate())
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in here}


def papers(render: Render) -> Iterator[Finding]:
    """Draw one test paper, which needs Pango and the fonts."""
    began = time.monotonic()
    pdf = render(example_summary(LetterheadClinic(name="Clinic"), language="en", currency="USD"))
    if pdf.startswith(b"%PDF-"):
        took = time.monotonic() - began
        yield ok("Papers", f"a test paper was drawn: {len(pdf) // 1024} KB in {took:.1f} s")
    else:
        yield wrong("Papers", "The test paper is no PDF.", PANGO)


PANGO = "Install Pango: apt-get install libpango-1.0-0 libpangoft2-1.0-0, or brew install pango."


def disk(folder: Path) -> Iterator[Finding]:
    """Check the space left where the data is, or will be: the folder is made by what is first written."""
    folder = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(folder).free
    said = f"{free / 1e9:.1f} GB free at {folder}"
    if free < TOO_LITTLE_SPACE:
        yield wrong(
            "Disk space", f"Only {said}.", "Delete or move files before sales can no longer be stored."
        )
    elif free < LITTLE_SPACE:
        yield warning("Disk space", f"Only {said}.", "Delete or move files soon.")
    else:
        yield ok("Disk space", said)


TIMEOUT_S = 8
LONGEST_ANSWER = 4096


def square(services: Services) -> Iterator[Finding]:
    """Ask Square whether it knows our token, and what it may do."""
    try:
        status = services.square.token_status()
        locations = services.square.locations()
    except SquareFailed as error:
        again = "Connect again under Settings, Square, or set a new token."
        yield wrong(
            "Square answers", error.message, again if error.permanent else "Check this machine’s network."
        )
        return
    active = [each for each in locations if each.get("status") != "INACTIVE"]
    yield ok("Square answers", f"active locations: {len(active)}")
    # A personal token can do everything, and names no scopes.
    lacking = missing(granted_scopes(status), books=services.settings.book_appointments)
    if lacking:
        said = f"Missing: {', '.join(each.name for each in lacking)}."
        yield warning("Permissions", said, "Connect again under Settings, Square, and allow them.")


def mail(settings: Settings) -> Iterator[Finding]:
    """Greet the mail server and sign in there, where one is set."""
    mailer = SmtpMailer(settings.mail_url.get_secret_value(), settings.mail_from)
    if not mailer.is_ready:
        return
    try:
        mailer.greet()
    except MailFailed as error:
        yield wrong("Mail server", error.message, "Check MAIL_URL: host, port, user, password.")
    else:
        yield ok("Mail server", "accepts the sign-in")


def address(public_url: str, now: datetime) -> Iterator[Finding]:
    """Open our own public address as a browser does; its clock is compared, too."""
    url = f"{public_url.rstrip('/')}/healthz"
    check = "Public address"
    try:
        # Only http and https pass the check of the setting.
        with urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310
            body, headers = answer.read(LONGEST_ANSWER), answer.headers
    except HTTPError as error:
        yield wrong(check, f"{url} answers {error.code}.", "See that the proxy leads to Coursekeeper’s port.")
        return
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        yield wrong(
            check,
            f"{url} can’t be opened: {reason}.",
            "Check that Coursekeeper runs, the name (DNS), the proxy and its certificate.",
        )
        return
    yield from _own(check, url, body)
    yield from _clock(headers, now)


def _own(check: str, url: str, body: bytes) -> Iterator[Finding]:
    try:
        is_ours = json.loads(body) == {"status": "alive"}
    except ValueError:
        is_ours = False
    if not is_ours:
        yield wrong(check, f"Another program answers at {url}.", "Let the proxy lead to Coursekeeper’s port.")
    elif not url.startswith("https://"):
        yield warning(check, "It answers, but not over https.", "Put a proxy with TLS in front.")
    else:
        yield ok(check, "answers over https, with a certificate that is accepted")


def _clock(headers: HTTPMessage, now: datetime) -> Iterator[Finding]:
    try:
        there = parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return
    if abs(there - now) > CLOCK_MAY_DIFFER:
        said = f"The public address says {there:%Y-%m-%d %H:%M} UTC, this machine {now:%Y-%m-%d %H:%M}."
        yield warning("Clock", said, "Set the clock (timedatectl set-ntp true).")


# The doctor looks at these more closely itself.
_LEFT_OUT = frozenset({"disk_has_room", "settings_are_read", "audit_is_clean"})


def watched(services: Services, now: datetime) -> Iterator[Finding]:
    """Check every condition that raises an alarm; the worker must also have run at all."""
    if last_seen(services.store, WORKER) is None:
        yield wrong(
            "Worker", "It has never run.", "Run coursekeeper serve, which starts it, or coursekeeper worker."
        )
    for each in conditions(services, now):
        if each.name not in _LEFT_OUT and each.state is not State.UNUSED:
            yield _finding(each)


def given_up(services: Services, now: datetime) -> Iterator[Finding]:
    """Check that no event and no job was given up."""
    facts = health_facts(services.store, now)
    failed = facts.inbox.failed + sum(each.failed for each in facts.jobs.values())
    if failed:
        yield warning("Given up", f"{failed} events and jobs failed.", "Look at them under Settings, Square.")


def _finding(seen: Condition) -> Finding:
    if not seen.is_wrong:
        return ok(seen.title, seen.said)
    state = wrong if seen.is_urgent else warning
    return state(seen.title, seen.said, seen.to_do)
