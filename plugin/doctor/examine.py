"""All checks in their order. A check that needs what is broken is left out, and the others run."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from functools import partial

from invoices.press.workers import PaperWorkers
from plugin.bootstrap import open_services
from plugin.configuration.stored import LiveSettings
from plugin.doctor import configuration, data, machine
from plugin.doctor.finding import Check, Finding, State, isolated, wrong
from plugin.doctor.machine import given_up, watched
from plugin.errors import ConfigurationError
from plugin.services import wall_clock
from plugin.settings import Settings
from plugin.store import Store
from plugin.vault import Vault


def examine(environment: Mapping[str, str], *, is_online: bool = False) -> Iterator[Finding]:
    """Yield a finding for each thing checked; `is_online`: also call Square, the mail server and our own address."""
    yield from isolated("Python", machine.python)
    yield from isolated("Libraries", machine.libraries)
    yield from isolated("Papers", _papers)
    given, refused = configuration.readable(environment)
    for sentence in refused:
        yield wrong("Settings", sentence, "Set it right: it stops the start.")
    if given is None:
        return
    file = data.sqlite_file(given.database_url)
    if file is not None and not file.exists():
        yield wrong("Database", f"There is no {file} yet.", "Run: coursekeeper serve")
        return
    folder = file.parent if file else given.data_folder
    yield from isolated("Disk space", partial(machine.disk, folder))
    files = (*configuration.secret_files(environment, given), *((file,) if file else ()))
    yield from isolated("File modes", partial(data.privacy_of_files, files))
    # Opening the store does not connect yet.
    with Store(given.database_url, given.direct_url) as store:
        yield from _of_database(given, store, environment, is_online)


def _papers() -> Iterator[Finding]:
    with closing(PaperWorkers()) as workers:
        try:
            yield from machine.papers(workers.render)
        except Exception as error:
            yield wrong("Papers", f"No paper can be drawn ({type(error).__name__}).", machine.PANGO)


def _of_database(
    given: Settings, store: Store, environment: Mapping[str, str], is_online: bool
) -> Iterator[Finding]:
    findings = list(isolated("Database", partial(data.answers, store)))
    yield from findings
    is_usable = any(each.check == "Database" and each.state is State.OK for each in findings)
    source = LiveSettings(given, store, _vault(given)) if is_usable else given
    settings = source.current()
    checks: dict[str, Check] = {
        "Settings": partial(configuration.where_from, environment, source),
        "Secrets": partial(configuration.secrets, settings),
        "E-mail": partial(configuration.mail, settings),
        "PUBLIC_URL": partial(configuration.address, settings),
    }
    if is_usable:
        checks |= _of_contents(given, settings, store)
    if is_online:
        checks |= _of_outside(given, settings, is_usable)
    for name, check in checks.items():
        yield from isolated(name, check)


def _vault(settings: Settings) -> Vault:
    try:
        return Vault(settings.encryption_keys.get_secret_value())
    except ConfigurationError:
        # The check of the secrets says so.
        return Vault()


def _of_contents(given: Settings, settings: Settings, store: Store) -> dict[str, Check]:
    now = wall_clock()
    return {
        "Durability": partial(data.durability, store),
        "Clock": partial(data.clock, store, now),
        "Square": partial(configuration.square, settings, store),
        "Alarms": partial(_watched, given, now),
        "Ledger role": partial(data.ledger_role, store),
        "Audit": partial(data.ledger, given, store),
    }


def _of_outside(given: Settings, settings: Settings, is_usable: bool) -> dict[str, Check]:
    checks: dict[str, Check] = {
        "Mail server": partial(machine.mail, settings),
        "Public address": partial(machine.address, settings.public_url, wall_clock()),
    }
    return {"Square answers": partial(_square, given), **checks} if is_usable else checks


def _watched(given: Settings, now: datetime) -> Iterator[Finding]:
    with closing(open_services(given)) as services:
        yield from watched(services, now)
        yield from given_up(services, now)


def _square(given: Settings) -> Iterator[Finding]:
    with closing(open_services(given)) as services:
        yield from machine.square(services)
