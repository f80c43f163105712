"""A machine whose clock is set a day back, a year ahead and right again while sessions are used and work waits."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from plugin.core.terms import Terms
from plugin.courses.base.read import read_course
from plugin.store.ledger import Allowance, Entry
from plugin.store.queues import Inbox, Outbox
from tests.square.clinic import Clinic
from tests.torture.machine import MachineClinic, MachineRun, compared, uses

# What the clock is off by, one after the other.
WRONG = {"a day back": timedelta(days=-1), "a year ahead": timedelta(days=366), "right": timedelta()}
_EXPIRES_AFTER_MONTHS = 6
_USES = 4
# What is put off for other reasons, such as an e-mail in the hours for them, is due by then.
_SOON = timedelta(days=2)


def wrong_clock(url: str, folder: Path, *, hastens: bool = True) -> MachineRun:
    """Use sessions while the clock is wrong; `hastens`: whether the worker makes due what a wrong clock put off.

    Nothing is refused, entries stand in the order in which they were written, a course that expires within the year is
    refused while the clock is ahead and usable again after it, and no event or job waits for the wrong time.
    """
    run, clinic = MachineRun(), MachineClinic(url, folder)
    clock: Any = clinic.services.clock
    try:
        expiring = clinic.desk.sell(
            clinic.desk.package(
                sessions=10, name="Expiring", terms=Terms(expires_after_months=_EXPIRES_AFTER_MONTHS)
            ),
            order="ORDER-EXPIRING",
        )
        # A visit on a day before its sale is refused, with a sentence.
        true = clock.advance(days=3)
        uses(clinic, run, "before", times=_USES)
        said: dict[str, str] = {}
        for name, off in WRONG.items():
            clock.set(true + off)
            clinic.desk.sell(order=f"ORDER-{name}")
            if refused := uses(clinic, run, name.replace(" ", "-"), times=_USES):
                run.wrong.append(f"{name}: not used: {refused}")
            said[name] = read_course(clinic.store, expiring, today=clock().date()).status.value
        if list(said.values()) != ["open", "expired", "open"]:
            run.wrong.append(f"the course that expires after {_EXPIRES_AFTER_MONTHS} months: {said}")
        run.wrong += [*_out_of_order(clinic), *_put_off(clinic, hastens=hastens)]
        run.wrong += compared(clinic.store, _sold(clinic), run.acknowledged)
        run.said = f"clock {', '.join(WRONG)}; a course that expires was {', '.join(said.values())}"
    finally:
        clinic.close()
    return run


def _sold(clinic: MachineClinic) -> set[str]:
    with clinic.store.reading() as session:
        return set(session.scalars(select(Entry.id).where(Entry.kind != "used")))


def _out_of_order(clinic: MachineClinic) -> list[str]:
    """Return what contradicts the order of writing: numbers of entries, sessions left, numbers of sessions."""
    with clinic.store.reading() as session:
        rows = (
            select(Entry.seq, Entry.sessions_after)
            .join(Allowance, Allowance.id == Entry.allowance_id)
            .where(Allowance.course_id == clinic.course, Entry.kind == "used")
            .order_by(Entry.seq)
        )
        found = session.execute(rows).all()
    left = [after for _seq, after in found]
    view = read_course(clinic.store, clinic.course, today=clinic.services.clock().date())
    numbers = [each.session_number or 0 for each in view.entries if each.kind == "used"]
    wrong = [] if left == sorted(left, reverse=True) else [f"sessions left, in order: {left}"]
    expected = list(range(1, len(found) + 1))
    return wrong if sorted(numbers) == expected else [*wrong, f"numbers of sessions: {numbers}"]


def _put_off(clinic: MachineClinic, *, hastens: bool) -> list[str]:
    """Return the events and jobs that wait for the wrong time, once the worker has looked."""
    if hastens:
        Clinic(clinic.services, None, clinic.services.clock).worker().hasten_misdated()  # type: ignore[arg-type]  # sells nothing
    soon = clinic.services.clock() + _SOON
    late = {}
    with clinic.store.reading() as session:
        for table in (Inbox, Outbox):
            waits = select(func.count()).where(table.state == "pending", table.due_at > soon)
            late[table.__tablename__] = session.scalar(waits)
    return [f"{count} of {table} wait for a time that was wrong" for table, count in late.items() if count]
