"""Papers for many clients at once: start a batch, read its progress, stop it, download it, delete it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from plugin.core.acts import Actor, Role, require
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.views import from_row
from plugin.courses.base.work import Work, allowed, in_transaction, require_row
from plugin.courses.handouts.selection import CALLED, INVOICE, Choice, LeftOut, Selection, selection_in
from plugin.errors import InvalidField, NotFound, Refused
from plugin.store import Store
from plugin.store.tables import PaperBatch, Staff
from plugin.wording import N_, _

if TYPE_CHECKING:
    from invoices.press.merged_pdf import MergedPdf

# A file name has at most 255 bytes; the paper, the day and the extension follow the name.
_LONGEST_NAME = 150
_FORBIDDEN = frozenset('\\/:*?"<>|')


def safe_name(name: str) -> str:
    """Return the name without what a folder refuses or a shell interprets, "" if nothing is left."""
    text = unicodedata.normalize("NFC", name)
    kept = "".join(ch for ch in text if ch not in _FORBIDDEN and unicodedata.category(ch)[0] != "C")
    fitting = " ".join(kept.split()).encode()[:_LONGEST_NAME].decode(errors="ignore")
    return fitting.strip(" .-~")


def paper_file_name(client_name: str, called: str, day: date) -> str:
    """Return a recognizable name: "Margaret Osei, course summary, 2026-11-23.pdf"."""
    return ", ".join(part for part in (safe_name(client_name), called, day.isoformat()) if part) + ".pdf"


class Names:
    """Returns each name once; a repeated one, ignoring case, gets a number."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def give(self, name: str) -> str:
        """Return this name, or the first numbered one that is free."""
        stem, dot, ending = name.rpartition(".")
        chosen, number = name, 1
        while chosen.casefold() in self._given:
            number += 1
            chosen = f"{stem} ({number}){dot}{ending}"
        self._given.add(chosen.casefold())
        return chosen


PDF = "pdf"
ZIP = "zip"
MIMETYPES = {PDF: "application/pdf", ZIP: "application/zip"}


class Bundle(Protocol):
    """Collects papers by their file name."""

    def add(self, name: str, pdf: bytes) -> None:
        """Add one more paper."""


@contextmanager
def bundle(form: str, out: BinaryIO, *, packed_at: datetime, language: str) -> Iterator[Bundle]:
    """Yield a bundle of this form, complete in `out` once the block succeeds.

    `packed_at` is the clinic's local time.
    """
    if form == ZIP:
        # A PDF is compressed already.
        with ZipFile(out, "w", ZIP_STORED) as packed:
            yield _Zip(packed, packed_at)
        return
    # Imported where it is needed: few papers are merged, and what merges them takes 2 MB.
    from invoices.press.merged_pdf import MergedPdf

    bound = MergedPdf(_("Papers, {isoformat}", isoformat=packed_at.date().isoformat()), language)
    yield _OnePdf(bound)
    bound.write(out)


class _Zip:
    def __init__(self, packed: ZipFile, packed_at: datetime) -> None:
        self._packed = packed
        self._names = Names()
        at = packed_at
        self._at = (at.year, at.month, at.day, at.hour, at.minute, at.second)

    def add(self, name: str, pdf: bytes) -> None:
        entry = ZipInfo(self._names.give(name), self._at)
        # Without it the unpacked file can't be read.
        entry.external_attr = 0o644 << 16
        self._packed.writestr(entry, pdf)


class _OnePdf:
    def __init__(self, bound: MergedPdf) -> None:
        self._bound = bound

    def add(self, name: str, pdf: bytes) -> None:
        self._bound.add(pdf, name.removesuffix(".pdf"))


BATCH = "paper_batch"
MOST_PAPERS = 500
KEPT_FOR = timedelta(days=1)
UNDER_WAY = ("waiting", "making")
_NO_BATCH = N_("There is no such batch of papers.")


@dataclass(frozen=True, slots=True)
class BatchView:
    """The progress of a batch, and what could not be made.

    `size`: of its file in bytes, None if it has none. `failed`: how many of those started could not be made.
    """

    id: str
    form: str
    state: str
    kinds: tuple[str, ...]
    total: int
    done: int
    left_out: tuple[LeftOut, ...]
    created_at: datetime
    by: str
    ended_at: datetime | None
    size: int | None
    failed: int
    is_forgotten: bool

    @property
    def made(self) -> int:
        """Return how many papers it contains."""
        return self.done - self.failed

    @property
    def kept_until(self) -> datetime:
        """Return when its file is deleted, within the hour."""
        return self.created_at + KEPT_FOR

    @property
    def is_under_way(self) -> bool:
        """Return whether the worker is processing it, or will."""
        return self.state in UNDER_WAY

    @property
    def per_cent(self) -> int:
        """Return how much of it is done, in percent."""
        return 100 * self.done // self.total if self.total else 100


@dataclass(frozen=True, slots=True)
class BatchFile:
    """The result: its name in a folder, its media type, its bytes."""

    name: str
    mimetype: str
    content: bytes


@allowed(Role.DESK, Role.PRACTITIONER)
def start_batch(work: Work, choice: Choice, form: str) -> str:
    """Start a batch and return it. The same act again returns the same batch.

    Raises InvalidField for a choice of nothing or too much, Refused while the person's last batch is in
    progress.
    """
    check_choice(work.act.actor, choice, form)

    def begin() -> str:
        _one_at_a_time(work.session, work.act.actor)
        wanted, left_out = papers_for_in(work.session, choice, work.now)
        batch = PaperBatch(
            id=work.new_id(),
            wish={
                "kinds": list(choice.kinds),
                "papers": [asdict(each) for each in wanted],
                "left_out": [asdict(each) for each in left_out],
            },
            form=form,
            total=len(wanted),
            left_out=[asdict(each) for each in left_out],
            created_at=work.now,
            by=work.act.actor.name,
            staff_id=work.act.actor.staff_id,
        )
        work.add(batch)
        enqueue(work, BATCH, batch.id)
        return batch.id

    request = {**choice.to_json(), "form": form}
    return str(work.once(BATCH, request, lambda: {"batch_id": begin()}).answer["batch_id"])


def check_choice(actor: Actor, choice: Choice, form: str) -> None:
    """Raise InvalidField unless a client, a paper and a form are chosen.

    Raises NotAllowed for papers of another role.
    """
    if not choice.client_ids:
        raise InvalidField(_("Choose at least one client."), field="client")
    if not choice.kinds or any(kind not in CALLED for kind in choice.kinds):
        raise InvalidField(_("Choose at least one paper."), field="paper")
    if form not in MIMETYPES:
        raise InvalidField(_("Choose one PDF or a ZIP."), field="form")
    if INVOICE in choice.kinds:
        require(actor, Role.DESK)


def papers_for_in(session: Session, choice: Choice, now: datetime) -> tuple[list[Selection], list[LeftOut]]:
    """Return the papers of a choice and the missing ones; raises InvalidField for none or too many."""
    wanted, left_out = selection_in(session, choice, today=local_date_in(session, now))
    if not wanted:
        why = left_out[0].why if len({each.why for each in left_out}) == 1 else _("Nobody has one yet.")
        raise InvalidField(
            _("There is no such paper for the clients you chose. {why}", why=why), field="paper"
        )
    if len(wanted) > MOST_PAPERS:
        raise InvalidField(
            _(
                "These are {n} papers, and at most {most_papers} are made at once. Choose fewer "
                "clients or one kind of paper.",
                n=len(wanted),
                most_papers=MOST_PAPERS,
            ),
            field="client",
        )
    return wanted, left_out


@in_transaction
def cancel_batch(work: Work, batch_id: str) -> None:
    """Stop a batch: nothing more of it is made. A finished one is left as it is."""
    batch = batch_for_change(work.session, batch_id)
    _refuse_others(batch, work.act.actor)
    if batch.state in UNDER_WAY:
        batch.state, batch.cancel_asked_at, batch.ended_at = "canceled", work.now, work.now


def read_batch(store: Store, actor: Actor, batch_id: str) -> BatchView:
    """Return the batch; raises NotFound, also for one of another user."""
    with store.reading() as session:
        batch = require_row(session, PaperBatch, batch_id, _NO_BATCH)
        _refuse_others(batch, actor)
        size = session.scalar(select(func.length(PaperBatch.file)).where(PaperBatch.id == batch_id))
        return _view(batch, size)


def batches_of(store: Store, actor: Actor, now: datetime) -> tuple[BatchView, ...]:
    """Return the person's batches that are in progress or can still be downloaded, newest first."""
    rows = (
        select(PaperBatch, func.length(PaperBatch.file))
        .where(PaperBatch.staff_id == actor.staff_id, PaperBatch.created_at > now - 2 * KEPT_FOR)
        .order_by(PaperBatch.id.desc())
    )
    with store.reading() as session:
        views = [_view(batch, size) for batch, size in session.execute(rows)]
    return tuple(view for view in views if view.is_under_way or view.size is not None)


def batch_file(store: Store, actor: Actor, batch_id: str) -> BatchFile:
    """Return the file; raises NotFound before it is ready and after it was deleted."""
    view = read_batch(store, actor, batch_id)
    with store.reading() as session:
        content = session.scalar(select(PaperBatch.file).where(PaperBatch.id == batch_id))
        day = local_date_in(session, view.created_at)
    if content is None:
        raise NotFound(_("These papers are no longer kept. Print them again."))
    return BatchFile(
        _("Papers, {isoformat}.{form}", isoformat=day.isoformat(), form=view.form),
        MIMETYPES[view.form],
        content,
    )


def batch_for_change(session: Session, batch_id: str) -> PaperBatch:
    """Return the batch, locked for this transaction; raises NotFound."""
    return require_row(session, PaperBatch, batch_id, _NO_BATCH, is_locked=True)


def delete_old_batches(store: Store, now: datetime) -> int:
    """Delete files older than a day with the record of whose papers they were; return how many."""
    old = and_(
        PaperBatch.created_at < now - KEPT_FOR,
        PaperBatch.forgotten_at.is_(None),
        PaperBatch.state.not_in(UNDER_WAY),
    )
    with store.reading() as session:
        ids = list(session.scalars(select(PaperBatch.id).where(old)))
    if ids:
        with store.writing() as session:
            session.execute(update(PaperBatch).where(PaperBatch.id.in_(ids)).values(_forgotten(now)))
    return len(ids)


def delete_all_batches_in(session: Session, now: datetime) -> None:
    """Delete every file: one may contain a paper of a client whose data is erased. They are made again on demand."""
    session.execute(
        update(PaperBatch)
        .where(PaperBatch.state.in_(UNDER_WAY))
        .values(state="canceled", cancel_asked_at=now, ended_at=now)
    )
    session.execute(update(PaperBatch).where(PaperBatch.forgotten_at.is_(None)).values(_forgotten(now)))


def _forgotten(now: datetime) -> dict[str, Any]:
    return {"file": None, "wish": {"kinds": []}, "left_out": [], "forgotten_at": now}


def _one_at_a_time(session: Session, actor: Actor) -> None:
    # With two windows of one person, the second waits here for the first.
    session.execute(select(Staff.id).where(Staff.id == actor.staff_id).with_for_update())
    mine = PaperBatch.staff_id == actor.staff_id
    if session.scalar(select(PaperBatch.id).where(mine, PaperBatch.state.in_(UNDER_WAY))) is not None:
        raise Refused(
            _("Your last papers are still being made. Wait for them, or stop them."), code="under_way"
        )


def _refuse_others(batch: PaperBatch, actor: Actor) -> None:
    if actor.role is not Role.OWNER and batch.staff_id != actor.staff_id:
        raise NotFound(_NO_BATCH)


def _view(batch: PaperBatch, size: int | None) -> BatchView:
    return from_row(
        BatchView,
        batch,
        kinds=tuple(batch.wish["kinds"]),
        left_out=tuple(LeftOut(**each) for each in batch.left_out),
        size=size,
        failed=len(batch.left_out) - len(batch.wish.get("left_out", ())),
        is_forgotten=batch.forgotten_at is not None,
    )
