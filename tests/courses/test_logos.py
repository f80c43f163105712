"""The clinic's logo: what is accepted, what is refused in words, and what is stored of it."""

import io
import struct
import zlib
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image, ImageFile
from PIL.PngImagePlugin import PngInfo

from plugin.courses.base.clinic import read_clinic, save_clinic
from plugin.courses.handouts.content import clinic_on_paper
from plugin.courses.handouts.drafts import draft_summary
from plugin.courses.handouts.logos import (
    LARGEST_FILE,
    MOST_PIXELS,
    assets_for,
    logo_png,
    read_picture,
    remove_logo,
    set_logo,
)
from plugin.errors import InvalidField, NotAllowed, NotFound, Refused
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.courses.desk import DEB, OLGA, Desk

JADE = (15, 107, 92)


def encoded(picture: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def jade(mode: str = "RGB", size: tuple[int, int] = (200, 80)) -> Image.Image:
    return Image.new("RGB", size, JADE).convert(mode)


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png), formats=["PNG"])


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(width: int, height: int) -> bytes:
    """A PNG whose head claims a size, with next to nothing behind it."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def webp_of(width: int, height: int) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + sides
    return b"RIFF" + struct.pack("<I", len(body)) + body


def animation(form: str) -> bytes:
    frames = [Image.new("RGBA", (200, 80), colour) for colour in ((*JADE, 255), (255, 0, 0, 255))]
    return encoded(frames[0], form, save_all=True, append_images=frames[1:], duration=100, lossless=True)


SIXTEEN_BITS = Image.new("I;16", (200, 80), 20_000)


@pytest.mark.parametrize(
    ("data", "colour"),
    [
        (encoded(jade()), JADE),
        (encoded(jade("RGBA")), JADE),
        (encoded(jade("P")), None),
        (encoded(jade("L")), None),
        (encoded(jade("LA")), None),
        (encoded(Image.new("1", (200, 80), 0)), (0, 0, 0)),
        (encoded(SIXTEEN_BITS), (78, 78, 78)),
        (encoded(jade(), "JPEG", quality=95), None),
        (encoded(jade(), "JPEG", progressive=True), None),
        (encoded(jade("CMYK"), "JPEG", quality=95), None),
        (encoded(jade(), "WEBP", lossless=True), JADE),
        (encoded(jade("RGBA"), "WEBP", lossless=True), JADE),
        (animation("PNG"), JADE),
        (animation("WEBP"), JADE),
    ],
)
def test_every_kind_of_picture_becomes_a_plain_png(data: bytes, colour: tuple[int, ...] | None) -> None:
    picture = read_picture(data)
    drawn = opened(picture.png)
    assert (drawn.mode, drawn.size, drawn.size) == ("RGB", (200, 80), (picture.width, picture.height))
    assert not getattr(drawn, "is_animated", False)
    wanted = colour or drawn.getpixel((100, 40))
    assert drawn.getpixel((100, 40)) == wanted
    assert read_picture(data).sha256 == picture.sha256


def test_what_a_picture_tells_beside_its_pixels_is_left_behind() -> None:
    told = PngInfo()
    told.add_text("Author", "private words")
    exif = Image.Exif()
    exif[0x010E] = "private words"
    for data in (
        encoded(jade(), pnginfo=told, exif=exif, icc_profile=b"private words"),
        encoded(jade(), "JPEG", exif=exif, comment=b"private words"),
    ):
        picture = read_picture(data)
        assert b"private" in data
        assert b"private" not in picture.png
        assert {kind for kind in (b"tEXt", b"eXIf", b"iCCP", b"zTXt") if kind in picture.png} == set()


def test_a_photo_taken_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = read_picture(encoded(jade(size=(80, 200)), "JPEG", exif=exif))
    assert (picture.width, picture.height) == (200, 80)


def test_a_large_picture_is_made_small_and_a_small_one_left_as_it_is() -> None:
    assert (read_picture(encoded(jade(size=(3000, 600)), "JPEG")).width) == 960
    tall = read_picture(encoded(jade(size=(600, 1200))))
    assert (tall.width, tall.height) == (120, 240)


def test_clear_margins_are_cut_off_and_clear_ground_stays_clear() -> None:
    ground = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    ground.paste((*JADE, 255), (100, 150, 300, 250))
    ground.putpixel((200, 200), (0, 0, 0, 0))
    picture = read_picture(encoded(ground))
    assert (picture.width, picture.height) == (200, 100)
    assert opened(picture.png).mode == "RGBA"


BEGUN = encoded(jade(), "JPEG")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "Choose a picture first"),
        (b"\0" * (LARGEST_FILE + 1), "at most 2 MB"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"GIF89a" + b"\0" * 99, "no PNG, JPEG or WebP"),
        (b"%PDF-1.7", "no PNG, JPEG or WebP"),
        (b"<html><script>alert(1)</script>", "no PNG, JPEG or WebP"),
        (png_of(30_000, 30_000), "This picture is 30000 x 30000 pixels; at most 16 million"),
        (png_of(MOST_PIXELS + 1, 1), "16000001 x 1 pixels"),
        (webp_of(16_384, 16_384), "16384 x 16384 pixels"),
        (encoded(jade(size=(20, 20))), "20 x 20 pixels; it would print as a blur"),
        (png_of(200, 80), "damaged"),
        (encoded(jade())[:60], "damaged"),
        (BEGUN[:200], "damaged"),
        (BEGUN + b"\xff\xda" * 99, "damaged"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"RIFF\0\0\0\0WEBP", "damaged"),
        (b"\xff\xd8\xff", "damaged"),
        (encoded(Image.new("RGBA", (200, 80), (255, 0, 0, 0))), "transparent all over"),
        (encoded(Image.new("RGBA", (200, 80), (255, 255, 255, 255))), "too pale"),
        (encoded(Image.new("L", (200, 80), 240)), "too pale"),
    ],
)
@pytest.mark.parametrize("is_lenient", [False, True])
def test_what_can_not_stand_on_a_paper_is_refused_with_the_mend(
    monkeypatch: pytest.MonkeyPatch, data: bytes, says: str, is_lenient: bool
) -> None:
    # WeasyPrint makes Pillow lenient in the whole process.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", is_lenient)
    with pytest.raises(InvalidField, match=says) as refusal:
        read_picture(data)
    assert refusal.value.field == "logo"


def test_a_logo_stands_on_the_papers_and_its_bytes_go_with_them(
    lite_store: Store, clock: HandMovedClock
) -> None:
    desk = Desk(lite_store, clock)
    assert assets_for(lite_store, draft_summary(read_clinic(lite_store))) == {}
    kept = set_logo(lite_store, desk.act(OLGA), encoded(jade()))
    clinic = read_clinic(lite_store)
    paper = draft_summary(clinic)
    assert clinic.logo == kept
    assert clinic_on_paper(clinic).logo == paper.clinic.logo
    assert assets_for(lite_store, paper) == {kept.sha256: logo_png(lite_store, kept.sha256)}
    # Sent again it is the same one, and saving the details leaves it alone.
    assert set_logo(lite_store, desk.act(OLGA), encoded(jade())) == kept
    save_clinic(lite_store, desk.act(OLGA), replace(clinic, phone="1"))
    assert read_clinic(lite_store).logo == kept

    remove_logo(lite_store, desk.act(OLGA))
    assert read_clinic(lite_store).logo is None
    assert assets_for(lite_store, paper), "a paper that was issued with it still finds it"


def test_only_the_owner_sets_it_and_only_for_a_clinic(lite_store: Store, clock: HandMovedClock) -> None:
    with pytest.raises(NotFound):
        logo_png(lite_store, "0" * 64)
    desk = Desk(lite_store, clock)
    for deed in (
        lambda act: set_logo(lite_store, act, encoded(jade())),
        lambda act: remove_logo(lite_store, act),
    ):
        with pytest.raises(NotAllowed):
            deed(desk.act(DEB))
    with lite_store.writing() as session:
        session.connection().exec_driver_sql("DELETE FROM clinic")
    with pytest.raises(Refused, match="Name the clinic first"):
        set_logo(lite_store, desk.act(OLGA), encoded(jade()))
