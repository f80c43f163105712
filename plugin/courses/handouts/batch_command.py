"""Papers for many clients from the command line: all clients or those of a list, written to one file."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select

from plugin.core.acts import Act
from plugin.core.text import clean, folded
from plugin.courses.base.clinic import local_date, read_clinic
from plugin.courses.clients.clients import IS_SOMEBODY, find_clients, read_client
from plugin.courses.handouts.batch_run import Printer, make_papers
from plugin.courses.handouts.batches import check_choice, papers_for_in
from plugin.courses.handouts.selection import CALLED, Choice, LeftOut
from plugin.errors import InvalidField, NotFound
from plugin.store import Store
from plugin.store.tables import Client, Course

ALL = "all"
_MANY = 20


@dataclass(frozen=True, slots=True)
class Made:
    """The result of a batch."""

    papers: int
    left_out: tuple[LeftOut, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"papers": self.papers, "left_out": [asdict(each) for each in self.left_out]}

    @property
    def sentences(self) -> list[str]:
        """Return what could not be made, one sentence each."""
        return [
            f"{each.client_name}, {CALLED.get(each.kind, 'papers')}: {each.why}" for each in self.left_out
        ]


def write_batch(
    printer: Printer,
    act: Act,
    choice: Choice,
    form: str,
    out: Path,
    *,
    say: Callable[[str], None],
) -> Made:
    """Write the papers to a file, whole or not at all.

    `say` is called with the progress. Raises InvalidField.
    """
    check_choice(act.actor, choice, form)
    with printer.store.reading() as session:
        wanted, without = papers_for_in(session, choice, act.now)

    def tick(done: int) -> None:
        say(f"{done} of {len(wanted)} papers.")

    unfinished = out.with_name(f".{out.name}.part")
    try:
        with unfinished.open("wb") as written:
            failed = make_papers(printer, act, form, wanted, written, tick)
        if len(failed) < len(wanted):
            unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)
    return Made(len(wanted) - len(failed), (*without, *failed))


def clients_named(store: Store, act: Act, named: str) -> tuple[str, ...]:
    """Return the clients: everyone who has a course, or those of a file that names one per line.

    A line is an id, a name, an e-mail address or a phone number. Raises InvalidField, naming the lines that
    match no client or more than one.
    """
    if named == ALL:
        has_course = Client.id.in_(select(Course.client_id))
        with store.reading() as session:
            return tuple(session.scalars(select(Client.id).where(*IS_SOMEBODY, has_course)))
    today = local_date(read_clinic(store), act.now)
    found, wrong = [], []
    for number, line in _lines(named):
        client_id, why = _fitting(store, line, today)
        found.append(client_id)
        wrong += [f"Line {number}: {why}"] if why else []
    if wrong:
        raise InvalidField("\n".join(wrong), field="clients")
    return tuple(found)


def _lines(file: str) -> list[tuple[int, str]]:
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise InvalidField(f"{file} can’t be read. Name a text file, or all.", field="clients") from None
    lines = ((number, clean(line)) for number, line in enumerate(text.splitlines(), 1))
    return [(number, line) for number, line in lines if line]


def _fitting(store: Store, line: str, today: date) -> tuple[str, str]:
    with suppress(NotFound):
        return read_client(store, line).id, ""
    found = [each.client for each in find_clients(store, line, today=today, limit=_MANY).rows]
    exactly = [each for each in found if folded(line) in (folded(each.name), folded(each.email or ""))]
    fitting: Sequence[Any] = exactly or found
    if len(fitting) == 1:
        return fitting[0].id, ""
    if not fitting:
        return "", f"no client matches “{line}”."
    return "", f"more than one client fits “{line}”. Write the e-mail address or the id."
