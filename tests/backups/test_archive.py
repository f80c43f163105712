"""The file of a copy: opens with its passphrase alone; cut, altered or foreign, it is refused."""

import io
import random
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plugin.backups import archive
from plugin.backups.archive import Keys, Manifest, Proof, is_encrypted, pack, sha256_of, size_in_words, unpack
from plugin.backups.passphrase import (
    ALPHABET,
    CopyKey,
    WrongPassphrase,
    as_printed,
    make_key,
    make_passphrase,
    open_key,
)
from plugin.errors import Refused

PASSPHRASE = "7QMK-2XRD-0000-ABCD-EFGH-JKMN"
Place = Callable[[], Path]


@pytest.fixture(scope="module")
def key() -> CopyKey:
    return make_key(PASSPHRASE)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A new empty folder each time."""
    numbers = iter(range(10_000))

    def make() -> Path:
        folder = tmp_path / f"place-{next(numbers)}"
        folder.mkdir()
        return folder

    return make


def a_copy(place: Place, key: CopyKey | None = None, proof: Proof | None = None) -> Path:
    folder = place()
    database = folder / "database"
    database.write_bytes(b"SQLite format 3\0" + random.Random(7).randbytes(200_000))
    manifest = Manifest(
        format=1,
        version="0.1.0",
        revision="0010",
        engine="sqlite",
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
        sha256=sha256_of(database),
        size=database.stat().st_size,
    )
    pack(
        database, manifest, folder / "copy.tar", place(), keys=Keys(secret_key="s" * 40), key=key, proof=proof
    )
    return folder / "copy.tar"


def test_it_opens_with_the_passphrase_however_it_is_typed(place: Place, key: CopyKey) -> None:
    copy = a_copy(place, key)
    assert is_encrypted(copy)
    opened = unpack(copy, place(), passphrase=" 7qmk 2xrd oooo abcd—efgh jkmn")
    assert opened.database.stat().st_size == 200_016
    assert opened.keys == Keys(secret_key="s" * 40)


def test_it_does_not_open_with_another_or_none(place: Place, key: CopyKey) -> None:
    copy = a_copy(place, key)
    for typed in ("", make_passphrase(), PASSPHRASE[:-1], "é" * 400):
        with pytest.raises(WrongPassphrase):
            unpack(copy, place(), passphrase=typed)
    assert b"SQLite" not in copy.read_bytes()


def test_the_keys_are_in_encrypted_copies_only(place: Place) -> None:
    copy = a_copy(place)
    assert not is_encrypted(copy)
    assert unpack(copy, place()).keys is None


def test_a_new_passphrase_does_not_open_what_was_made_before(place: Place, key: CopyKey) -> None:
    copy, newer = a_copy(place, key), make_passphrase()
    make_key(newer)
    with pytest.raises(WrongPassphrase):
        unpack(copy, place(), passphrase=newer)


def test_a_passphrase_has_120_bits_and_no_look_alikes() -> None:
    made = {make_passphrase() for _ in range(50)}
    assert len(made) == 50
    assert all(set(each) <= {*ALPHABET, "-"} and len(each) == 29 for each in made)
    assert all(as_printed(each.lower().replace("0", "o").replace("1", "l")) == each for each in made)


def test_any_bit_that_is_changed_is_noticed_or_changes_nothing(place: Place) -> None:
    proof = Proof.new()
    copy = a_copy(place, make_key(PASSPHRASE), proof)
    whole, right = copy.read_bytes(), unpack(copy, place(), proof=proof).database.read_bytes()
    chance, refused = random.Random(11), 0
    for _ in range(60):
        altered = bytearray(whole)
        altered[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        copy.write_bytes(altered)
        try:
            assert unpack(copy, place(), proof=proof).database.read_bytes() == right
        except Refused:
            refused += 1
    assert refused > 50


@pytest.mark.parametrize("part", [0, 1, 511, 512, 5000, 100_000, 199_000])
def test_a_copy_that_was_cut_short_is_refused(place: Place, part: int) -> None:
    proof = Proof.new()
    copy = a_copy(place, make_key(PASSPHRASE), proof)
    copy.write_bytes(copy.read_bytes()[:part])
    with pytest.raises(Refused, match=r"damaged|no backup"):
        unpack(copy, place(), proof=proof)


def tar_of(members: dict[str, bytes], path: Path, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x00" * 2000, b"PK\x03\x04 a zip", random.Random(3).randbytes(100_000)]
)
def test_a_file_of_something_else_is_no_backup(place: Place, content: bytes) -> None:
    file = place() / "file"
    file.write_bytes(content)
    with pytest.raises(Refused, match="no backup"):
        unpack(file, place())


def test_no_name_in_an_archive_is_used_as_a_path(place: Place) -> None:
    folder = place()
    inner = tar_of({"../../evil": b"x", "database": b"x", "manifest.json": b"{}"}, folder / "inner", "w:gz")
    outer = tar_of({"/etc/evil": b"x", "copy.tar.gz": inner.read_bytes()}, folder / "outer")
    with pytest.raises(Refused, match="damaged"):
        unpack(outer, place())
    assert not list(folder.parent.rglob("*evil*"))


def test_a_link_in_an_archive_is_refused(place: Place) -> None:
    path = place() / "copy.tar"
    with tarfile.open(path, "w") as tar:
        member = tarfile.TarInfo("copy.tar.gz")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(member)
    with pytest.raises(Refused, match="no backup"):
        unpack(path, place())


def test_a_copy_that_needs_more_room_than_there_is_says_so(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = a_copy(place)
    monkeypatch.setattr(archive, "_SPARE", 10**18)
    with pytest.raises(Refused, match=r"The disk is nearly full: .* are needed"):
        unpack(copy, place())


def test_a_newer_format_is_refused_with_its_version(place: Place) -> None:
    folder = place()
    database = b"SQLite format 3\0"
    manifest = Manifest(
        format=2,
        version="9.1.0",
        revision="0100",
        engine="sqlite",
        created_at=datetime(2030, 1, 1, tzinfo=UTC),
        sha256="0" * 64,
        size=16,
    )
    members = {"manifest.json": manifest.model_dump_json().encode(), "database": database}
    inner = tar_of(members, folder / "inner", "w:gz")
    outer = tar_of({"copy.tar.gz": inner.read_bytes()}, folder / "outer")
    with pytest.raises(Refused, match=r"newer Coursekeeper \(9\.1\.0\)"):
        unpack(outer, place())


def test_the_key_is_a_file_of_age(key: CopyKey) -> None:
    assert key.key_file.startswith(b"age-encryption.org/v1\n-> scrypt ")
    assert open_key(key.key_file, PASSPHRASE).startswith("AGE-SECRET-KEY-1")


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (3_210_000, "3.2 MB"),
        (250_000_000, "250 MB"),
        (2 * 10**9, "2.0 GB"),
    ],
)
def test_sizes_are_said_as_people_say_them(size: int, said: str) -> None:
    assert size_in_words(size) == said
