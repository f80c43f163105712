"""Heads of the ledger that are kept outside the database: in a file of the data folder, and beside each backup.

Somebody with the database alone can make every hash in it again, and can't reach these.
"""

import fcntl
import io
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tarfile import is_tarfile
from tempfile import TemporaryDirectory

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.backups.archive import Manifest, is_encrypted, sha256_of, unpack
from plugin.backups.folder import backup_folder, make_private, names_in, read_note, time_of
from plugin.core.fingerprint import KeptHead, LedgerHead, heads_in
from plugin.courses.audit.records import Finding, against
from plugin.courses.base.sealing import seal
from plugin.errors import Refused
from plugin.services import Services
from plugin.settings import Settings
from plugin.store import Store
from plugin.store.documents import Document

HEADS = "ledger-heads.txt"
_LARGEST, _LINES_KEPT = 256 * 1024, 1000
_AT_ONCE = 200
_LARGEST_ANCHOR = 64 * 1024 * 1024


def seal_and_keep(services: Services, *, is_quick: bool = False) -> LedgerHead | None:
    """Seal what is new, and write the head down outside the database where it is another."""
    now = services.clock()
    head = seal(services.store, now, is_quick=is_quick)
    if head is not None:
        _write_down(services.settings, head, now)
    return head


def _write_down(settings: Settings, head: LedgerHead, now: datetime) -> None:
    folder = make_private(settings.data_folder)
    # The worker and a backup by command may both be at it, and a line that is added while old ones go would be lost.
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _add_line(folder / HEADS, head, now)
    finally:
        os.close(lock)


def _add_line(file: Path, head: LedgerHead, now: datetime) -> None:
    # A machine that stopped may have left a line without its end, or anything.
    text = file.read_text(encoding="ascii", errors="ignore") if file.exists() else ""
    lines = text.splitlines()
    if lines and lines[-1].endswith(str(head)):
        return
    line = f"{now.isoformat()} {head}\n"
    if text and not text.endswith("\n"):
        line = f"\n{line}"
    if len(text) > _LARGEST:
        part = file.with_suffix(".part")
        part.write_text("".join(f"{each}\n" for each in lines[-_LINES_KEPT:]), encoding="ascii")
        os.replace(part, file)
    with file.open("a", encoding="ascii") as opened:
        opened.write(line)
        opened.flush()
        os.fsync(opened.fileno())
    file.chmod(0o600)


def kept_heads(settings: Settings) -> Iterator[KeptHead]:
    """Yield every head that was kept on this machine."""
    file = settings.data_folder / HEADS
    if file.exists():
        for line in file.read_text(encoding="ascii", errors="replace").splitlines():
            yield from _of_line(line)
    folder = backup_folder(settings)
    for name in names_in(folder):
        note = read_note(folder / name)
        for head in heads_in(note.manifest.ledger_head) if note else ():
            yield KeptHead(head, f"the backup {name}", time_of(name))


def heads_in_documents(session: Session) -> Iterator[KeptHead]:
    """Yield the heads that issued documents carry: clients and accountants have their files."""
    rows = select(Document.number, Document.content, Document.issued_at)
    for number, content, at in session.execute(rows.execution_options(yield_per=_AT_ONCE)):
        for head in heads_in(content):
            yield KeptHead(head, f"document {number}", at)


def _of_line(line: str) -> Iterator[KeptHead]:
    said, _, written = line.partition(" ")
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        # A line that was cut off when the machine stopped.
        return
    for head in heads_in(written):
        yield KeptHead(head, HEADS, at)


def heads_of(anchor: str, *, passphrase: str = "") -> Iterator[KeptHead]:
    """Yield the heads in a text, or in a file of that name: an e-mail, a PDF, a backup, the note beside one.

    `passphrase`: of an encrypted backup. Raises Refused where there is no head.
    """
    file = Path(anchor)
    is_file = len(anchor) < 1000 and file.is_file()
    if is_file and is_tarfile(file):
        yield from _of_copy(file, passphrase)
        return
    if is_file and file.stat().st_size > _LARGEST_ANCHOR:
        raise Refused(f"{file} is too large to hold a head of the ledger.", code="no_anchor")
    text = _text_of(file) if is_file else anchor
    found = [KeptHead(head, anchor if is_file else "--anchor", None) for head in heads_in(text)]
    if not found:
        raise Refused(
            f"No head of the ledger is in {anchor[:80]}, such as ledger:12:9f3a51c0.", code="no_anchor"
        )
    yield from found


def _of_copy(copy: Path, passphrase: str) -> Iterator[KeptHead]:
    """Yield the head in a copy's own manifest, or in the note beside it where the copy does not open here."""
    if passphrase or not is_encrypted(copy):
        with TemporaryDirectory() as folder:
            manifest = unpack(copy, Path(folder), passphrase=passphrase).manifest
        where = f"the manifest in {copy}"
    else:
        manifest, where = _in_note(copy), f"the note beside {copy}, which needs its passphrase"
    heads = list(heads_in(manifest.ledger_head)) if manifest is not None else []
    if manifest is None or not heads:
        raise Refused(f"No head of the ledger is in {where}.", code="no_anchor")
    yield from (KeptHead(head, where, manifest.created_at) for head in heads)


def _in_note(copy: Path) -> Manifest | None:
    note = read_note(copy)
    if note is not None and note.sha256 != sha256_of(copy):
        raise Refused(f"The note beside {copy} is of another file.", code="no_anchor")
    return note.manifest if note is not None else None


def _text_of(file: Path) -> str:
    """Return what a file says: of a PDF its keywords."""
    content = file.read_bytes()
    if not content.startswith(b"%PDF-"):
        return content.decode("latin-1")
    # Imported late: only this reads PDFs here.
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            return str(pdf.docinfo.get("/Keywords", ""))
    except pikepdf.PdfError:
        return ""


def against_manifest(store: Store, manifest: Manifest | None) -> tuple[Finding, ...]:
    """Return what the head in a copy's manifest says against the copy."""
    heads = heads_in(manifest.ledger_head) if manifest else ()
    with store.reading() as session:
        return tuple(against(session, [KeptHead(head, "its manifest", None) for head in heads]))


def disagreeing(settings: Settings, store: Store, more: tuple[KeptHead, ...] = ()) -> tuple[Finding, ...]:
    """Return what the heads that were kept outside say against the database."""
    with store.reading() as session:
        return tuple(against(session, (*kept_heads(settings), *heads_in_documents(session), *more)))
