"""The clinic's logo: checked before it is stored, and loaded for papers and screens."""

import hashlib
import io
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from PIL import Image, ImageFile, ImageOps
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile
from sqlalchemy.orm import Session

from invoices.papers import Paper
from plugin.core.acts import Act, require
from plugin.courses.base.activity import REMOVED, SET, Did, record_in
from plugin.courses.base.views import LogoView
from plugin.courses.base.work import Work, allowed, require_row, transact
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.tables import Clinic, Logo
from plugin.wording import N_, _

LARGEST_FILE = 2 * 1024 * 1024
MOST_PIXELS = 16_000_000
# Four times the resolution at the head of a paper.
WIDEST, HIGHEST = 960, 240
SMALLEST_SIDE = 64
# A JPEG of 2 MB can contain so many scans that decoding takes minutes; a real one has ten.
_MOST_PASSES = 64
_PALEST = 225

_ONE_AT_A_TIME = Lock()
# What is longer is a line, not a mark.
MOST_TIMES_AS_LONG = 12
_WANTED = N_("Save the logo as PNG, JPEG or WebP and send that.")
Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Picture:
    """A re-encoded PNG that contains only pixels."""

    png: bytes
    sha256: str
    width: int
    height: int


def read_picture(data: bytes) -> Picture:
    """Check a file and re-encode it. Raises InvalidField, stating how to fix it, for what can't be on a paper."""
    if not data:
        raise _refusal(_("Choose a picture first."))
    if len(data) > LARGEST_FILE:
        raise _refusal(
            _(
                "This file has {megabytes} MB, at most 2 MB fit. A smaller picture prints as well.",
                megabytes=f"{len(data) / 1024 / 1024:.1f}",
            )
        )
    opener = _opener(data)
    try:
        with _whole_or_not_at_all():
            return _drawn(_pixels(opener(data)))
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, MemoryError):
        raise _refusal(_("This picture is damaged and can’t be read. {wanted}", wanted=_WANTED)) from None


@contextmanager
def _whole_or_not_at_all() -> Iterator[None]:
    # A renderer in the same process makes Pillow fill in the missing parts of a picture.
    with _ONE_AT_A_TIME:
        was, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = was


def _refusal(message: str) -> InvalidField:
    return InvalidField(message, field="logo")


def _opener(data: bytes) -> Callable[[bytes], Image.Image]:
    """Return the decoder for the file's first bytes; its name and the sender's media type are ignored."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp
    if b"<svg" in data[:4096].lower():
        raise _refusal(
            _("An SVG file can hold more than a picture, so none is taken. {wanted}", wanted=_WANTED)
        )
    raise _refusal(
        _("This file is no PNG, JPEG or WebP picture, whatever its name says. {wanted}", wanted=_WANTED)
    )


# The decoders are called by name: Image.open would try every format it knows, and warn instead of refusing.
def _png(data: bytes) -> Image.Image:
    return _checked(PngImageFile(io.BytesIO(data)))


def _jpeg(data: bytes) -> Image.Image:
    if data.count(b"\xff\xda") > _MOST_PASSES:
        raise ValueError("too many passes")
    return _checked(JpegImageFile(io.BytesIO(data)))


def _webp(data: bytes) -> Image.Image:
    # Its decoder allocates all pixels at once, so the size is checked before it.
    _check_size(_webp_size(data))
    return _checked(WebPImageFile(io.BytesIO(data)))


def _webp_size(data: bytes) -> Size:
    head = data[:30]
    if len(head) < 30:
        raise ValueError("cut short")
    if head[12:16] == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack("<HH", head[26:30])
    return width & 0x3FFF, height & 0x3FFF


def _checked(picture: Image.Image) -> Image.Image:
    _check_size(picture.size)
    return picture


def _check_size(size: Size) -> None:
    width, height = size
    called = _("This picture is {width} x {height} pixels", width=width, height=height)
    if width * height > MOST_PIXELS:
        raise _refusal(
            _(
                "{called}; at most {most_pixels} million in all can be read, such as 4000 x 4000.",
                called=called,
                most_pixels=MOST_PIXELS // 1000000,
            )
        )
    if max(size) < SMALLEST_SIDE:
        raise _refusal(
            _(
                "{called}; it would print as a blur. Send one that is at least {widest} wide.",
                called=called,
                widest=WIDEST // 2,
            )
        )


def _pixels(picture: Image.Image) -> Image.Image:
    """Return the first frame upright, as red, green, blue and alpha, in the printed size."""
    if isinstance(picture, JpegImageFile):
        # Decoded at a lower resolution if that is enough: a photo of 12 million pixels takes a tenth of the
        # time.
        picture.draft(None, (2 * WIDEST, 2 * HIGHEST))
    picture.load()
    if picture.mode.startswith("I;16"):
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    seen = upright.getchannel("A").getbbox()
    if seen is None:
        raise _refusal(_("This picture is transparent all over: nothing of it would be printed."))
    cut = upright.crop(seen)
    if max(cut.size) > MOST_TIMES_AS_LONG * min(cut.size):
        raise _refusal(
            _(
                "This picture is more than {n} times as long as it is high, or as high as it is long: it would "
                "print as a line. Send the logo without the strip around it.",
                n=MOST_TIMES_AS_LONG,
            )
        )
    cut.thumbnail((WIDEST, HIGHEST), Image.Resampling.LANCZOS)
    return cut


def _drawn(pixels: Image.Image) -> Picture:
    on_paper = Image.alpha_composite(Image.new("RGBA", pixels.size, "white"), pixels).convert("RGB")
    darkest, _other = on_paper.convert("L").getextrema()
    if not isinstance(darkest, int) or darkest > _PALEST:
        raise _refusal(
            _("This logo is too pale to be seen on white paper. Send the version made for light grounds.")
        )
    is_opaque = pixels.getchannel("A").getextrema() == (255, 255)
    kept = on_paper if is_opaque else pixels
    # Color profiles, locations and camera data are dropped: only pixels are kept.
    kept.info.clear()
    out = io.BytesIO()
    kept.save(out, "PNG", optimize=True)
    png = out.getvalue()
    return Picture(png, hashlib.sha256(png).hexdigest(), kept.width, kept.height)


def set_logo(store: Store, act: Act, data: bytes) -> LogoView:
    """Use this picture as the logo of papers made from now on. Raises InvalidField, Refused without a clinic."""
    require(act.actor)
    picture = read_picture(data)

    def do(work: Work) -> None:
        if work.session.get(Logo, picture.sha256) is None:
            work.add(_row(picture, work.act))
        _clinic(work.session).logo_sha256 = picture.sha256
        record_in(work, Did.SETTING_CHANGED, subject_id="clinic.logo", after=SET)

    transact(store, act, do)
    return LogoView(picture.sha256, picture.width, picture.height)


@allowed()
def remove_logo(work: Work) -> None:
    """Use the clinic's name instead of a logo; the picture is kept for documents that were issued with it."""
    _clinic(work.session).logo_sha256 = None
    record_in(work, Did.SETTING_CHANGED, subject_id="clinic.logo", after=REMOVED)


def logo_png(store: Store, sha256: str) -> bytes:
    """Return a stored picture; raises NotFound."""
    with store.reading() as session:
        return require_row(session, Logo, sha256, _("There is no such picture.")).png


def assets_for(store: Store, paper: Paper) -> dict[str, bytes]:
    """Return the PNG that the paper names, by its SHA-256; nothing for a paper without a logo."""
    logo = paper.clinic.logo
    return {logo.sha256: logo_png(store, logo.sha256)} if logo else {}


def _row(picture: Picture, act: Act) -> Logo:
    return Logo(
        sha256=picture.sha256,
        png=picture.png,
        width=picture.width,
        height=picture.height,
        added_at=act.now,
        by=act.actor.name,
    )


def _clinic(session: Session) -> Clinic:
    clinic = session.get(Clinic, 1)
    if clinic is None:
        raise Refused(_("Name the clinic first, then add its logo."), code="no_clinic")
    return clinic
