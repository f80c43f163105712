"""Heads of the ledger outside the database: what was lost or made again since is said."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from invoices.press.render import render
from plugin.backups import anchors
from plugin.backups.anchors import (
    HEADS,
    against_manifest,
    disagreeing,
    heads_in_documents,
    heads_of,
    kept_heads,
    seal_and_keep,
)
from plugin.backups.folder import note_beside
from plugin.backups.make import make_copy
from plugin.backups.records import renew_passphrase
from plugin.core.fingerprint import LedgerHead
from plugin.errors import Refused
from plugin.services import Services
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.courses.desk import OLGA, Desk
from tests.courses.documents.sales import Papers


@pytest.fixture
def sold(small: Services, clock: HandMovedClock) -> tuple[Desk, str]:
    desk = Desk(small.store, clock)
    return desk, desk.sell()


def test_acknowledged_uses_that_went_with_the_log_are_said(
    small: Services, sold: tuple[Desk, str], tmp_path: Path
) -> None:
    desk, course_id = sold
    seal_and_keep(small)
    database = Path(small.store.url.database or "")
    with small.store.engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(database, tmp_path / "without-its-log.db")
    for _ in range(8):
        desk.use(course_id)
    seal_and_keep(small)
    assert disagreeing(small.settings, small.store) == ()
    with Store(f"sqlite:///{tmp_path / 'without-its-log.db'}") as lost:
        (finding,) = disagreeing(small.settings, lost)
    assert finding.check == "anchor"
    assert finding.sentence.startswith("The database ends with seal 1 of")
    assert HEADS in finding.sentence


def test_a_head_is_written_down_once_and_a_torn_line_does_no_harm(
    small: Services, sold: tuple[Desk, str]
) -> None:
    seal_and_keep(small)
    seal_and_keep(small)
    file = small.settings.data_folder / HEADS
    assert len(file.read_text().splitlines()) == 1
    assert file.stat().st_mode & 0o077 == 0
    with file.open("a") as opened:
        opened.write("2026-03-01T10:00:00+00:00 ledger:1:0123abcd")
    # Of a line that is torn in its hash, the next one is no part.
    desk, course_id = sold
    desk.use(course_id)
    head = seal_and_keep(small)
    assert head is not None
    assert [each.head for each in kept_heads(small.settings)][1:] == [LedgerHead(1, "0123abcd"), head]


def test_a_head_that_can_not_be_written_down_is_sealed_all_the_same_and_written_later(
    small: Services, sold: tuple[Desk, str], tmp_path: Path
) -> None:
    blocked = tmp_path / "data"
    blocked.touch()
    beside = {"database_url": "postgresql://host/name", "data_dir": str(blocked)}
    services = replace(small, settings_source=small.settings.model_copy(update=beside))
    with pytest.raises(OSError, match="data"):
        seal_and_keep(services)
    blocked.unlink()
    head = seal_and_keep(services)
    assert head is not None
    assert head.number == 1
    assert [each.head for each in kept_heads(services.settings)] == [head]
    assert not disagreeing(services.settings, small.store)


def test_a_backup_says_its_head_and_is_checked_against_it(small: Services, sold: tuple[Desk, str]) -> None:
    made = make_copy(small)
    manifest = made.note.manifest
    assert manifest.ledger_head.startswith("ledger:1:")
    assert made.note.checked == "Restored into a database of its own; the ledger is clean."
    assert against_manifest(small.store, manifest) == ()
    (finding,) = against_manifest(
        small.store, manifest.model_copy(update={"ledger_head": f"ledger:1:{'0' * 64}"})
    )
    assert "by its manifest" in finding.sentence
    (small.settings.data_folder / HEADS).unlink()
    assert [each.where for each in kept_heads(small.settings)] == [f"the backup {made.file.name}"]


def test_heads_written_down_at_once_while_old_ones_go_are_all_there(
    small: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchors, "_LARGEST", 200)
    heads = [LedgerHead(number, f"{number:064x}") for number in range(1, 41)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda head: anchors._write_down(small.settings, head, small.clock()), heads))
    assert {each.head for each in kept_heads(small.settings)} == set(heads)


def test_an_anchor_is_a_head_or_a_file_that_holds_one(small: Services, tmp_path: Path) -> None:
    mail = tmp_path / "mail.eml"
    mail.write_bytes(b"Subject: Health\r\n\r\n%PDF \xff ledger:7:" + b"ab" * 32 + b" and ledger:9:12345678.")
    assert [each.head.short for each in heads_of(str(mail))] == ["7:abababab", "9:12345678"]
    (one,) = heads_of("ledger:3:0123abcd")
    assert (one.head.number, one.head.sha256) == (3, "0123abcd")
    for nonsense in ("hello", "3:0123abcd", "ledger:3:012", "ledger:0:0123abcd", "x" * 5000):
        with pytest.raises(Refused):
            tuple(heads_of(nonsense))


def test_a_backup_is_an_anchor_by_its_manifest_and_without_its_passphrase_by_the_note(
    small: Services, sold: tuple[Desk, str]
) -> None:
    plain = make_copy(small).file
    (head,) = heads_of(str(plain))
    assert head.where == f"the manifest in {plain}"
    assert disagreeing(small.settings, small.store, (head,)) == ()
    desk, course_id = sold
    desk.use(course_id)
    passphrase = renew_passphrase(small, desk.act(OLGA))
    copy = make_copy(small).file
    (inside,) = heads_of(str(copy), passphrase=passphrase)
    (beside,) = heads_of(str(copy))
    assert inside.where == f"the manifest in {copy}"
    assert beside.where.startswith(f"the note beside {copy}")
    assert inside.head == beside.head != head.head
    note = note_beside(copy)
    note.write_text(note.read_text().replace(inside.head.sha256, "0" * 64))
    assert disagreeing(small.settings, small.store, tuple(heads_of(str(copy))))
    assert (
        disagreeing(small.settings, small.store, (inside,)) != ()
    )  # the note lies beside the backups as well
    copy.write_bytes(copy.read_bytes() + b"x")
    with pytest.raises(Refused, match="of another file"):
        tuple(heads_of(str(copy)))
    note.unlink()
    with pytest.raises(Refused, match="No head"):
        tuple(heads_of(str(copy)))
    with pytest.raises(Refused):
        tuple(heads_of(str(copy), passphrase="K7QM-2XRD-K7QM-2XRD-K7QM-2XRD"))


def test_an_issued_document_carries_the_head_in_its_content_and_its_pdf(
    small: Services, sold: tuple[Desk, str], tmp_path: Path
) -> None:
    head = seal_and_keep(small)
    papers = Papers(sold[0])
    papers.sell("O1")
    papers.work()
    (invoice,) = papers.invoices()
    assert invoice.clinic.ledger_head == str(head)
    with small.store.reading() as session:
        there = {(each.head, each.where) for each in heads_in_documents(session)}
    assert (head, f"document {invoice.number}") in there
    file = tmp_path / "invoice.pdf"
    file.write_bytes(render(invoice))
    assert {each.head for each in heads_of(str(file))} == {head}
    file.write_bytes(b"%PDF-1.7 cut off")
    with pytest.raises(Refused):
        tuple(heads_of(str(file)))
    # A paper that is no document has none.
    file.write_bytes(render(replace(invoice, clinic=replace(invoice.clinic, ledger_head=""))))
    with pytest.raises(Refused):
        tuple(heads_of(str(file)))
