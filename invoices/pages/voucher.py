"""The gift voucher in words: a card with a front, an inside and a back. No price is on it.

What is too long for its face is on an enclosed page. Also its letter, and the poster of the public page.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from invoices.language import NO_BREAK_SPACE, Language
from invoices.pages.punchcard import Card, Mark
from invoices.pages.qr import QrCode, qr_code
from invoices.pages.text import width_of
from invoices.papers import GiftContent, GiftVoucher, VoucherLetter

GROUP = 4
# More marks than this can't be counted at a glance; the words state the number.
MARKS_UP_TO = 24
RADIUS, STEP = 7.0, 20.0
# The width of a message, in Latin letters, and its font size.
LARGE_UP_TO, MIDDLE_UP_TO, SMALL_UP_TO = 110, 300, 620
LONG_NAME = 26
# The width of the lines of a face, in Latin letters, and the room on it, in points.
LINE, HEADING_LINE = 45, 30
LINE_HEIGHT, HEADING_HEIGHT = 13, 18
ROOM_FOR_GIFT, ROOM_FOR_TERMS = 150, 6 * 13
# On a third of a sheet, whose lines are longer.
LINE_IN_THIRDS, ROOM_FOR_TERMS_IN_THIRDS = 70, 5 * 13


@dataclass(frozen=True)
class Marks:
    """The sessions of the gift as the punch card will show them: rings, or diamonds for touch-ups."""

    is_diamonds: bool
    card: Card


@dataclass(frozen=True)
class VoucherPage:
    """`has_contents` and `has_terms`: the card has room for them; else they are on the enclosed page."""

    is_long_name: bool
    contents: tuple[str, ...]
    has_contents: bool
    marks: tuple[Marks, ...]
    message_size: str
    written_code: str
    qr: QrCode
    good: str
    steps: tuple[str, ...]
    has_terms: bool


def voucher_page(paper: GiftVoucher, language: Language) -> VoucherPage:
    written = written_code(paper.code)
    plain_name = paper.recipient_name.replace("\u200b", "")
    contents = tuple(_content(each, language) for each in paper.contents)
    marks = tuple(_marks(paper, language))
    taken = HEADING_HEIGHT * _lines(paper.package_name, HEADING_LINE)
    taken += LINE_HEIGHT * sum(_lines(each, LINE) for each in contents)
    line, room = (LINE_IN_THIRDS, ROOM_FOR_TERMS_IN_THIRDS) if paper.form == "dl" else (LINE, ROOM_FOR_TERMS)
    terms = LINE_HEIGHT * sum(_lines(each, line) for each in paper.terms)
    return VoucherPage(
        is_long_name=width_of(plain_name) > LONG_NAME,
        contents=contents,
        has_contents=taken <= ROOM_FOR_GIFT,
        marks=marks if taken + max((each.card.height for each in marks), default=0) <= ROOM_FOR_GIFT else (),
        message_size=_message_size(paper.message),
        written_code=written,
        # Without dashes: a scanner on another keyboard types them as something else.
        qr=qr_code(paper.code),
        good=_good(paper, language),
        steps=tuple(_steps(paper, language, written)),
        has_terms=terms <= room,
    )


def _lines(text: str, line: int) -> int:
    return -(-width_of(text) // line)


def written_code(code: str) -> str:
    """Return the code in groups of four with dashes, as it is read aloud."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def _message_size(message: str) -> str:
    width = width_of(message)
    if width <= LARGE_UP_TO:
        size = "grand"
    elif width <= MIDDLE_UP_TO:
        size = "middling"
    else:
        size = "modest" if width <= SMALL_UP_TO else "tiny"
    # A script without an italic would be slanted, which reads badly.
    is_slanted = width < 1.5 * len(message)
    return f"{size} slanted" if is_slanted else size


def _content(content: GiftContent, language: Language) -> str:
    n, treatment = content.sessions, content.treatment
    if content.kind == "touch_up":
        # As on quotes and invoices: most are named “Touch-up” already.
        return f"{n} × {treatment}"
    return language.ngettext(
        "{n} session of {treatment}", "{n} sessions of {treatment}", n, treatment=treatment
    )


def _good(paper: GiftVoucher, language: Language) -> str:
    if paper.good_until:
        return language.gettext("Good until {date}", date=language.long_date(paper.good_until))
    if paper.months_from_first_visit:
        return language.ngettext(
            "Good for {n} month from the first visit",
            "Good for {n} months from the first visit",
            paper.months_from_first_visit,
        )
    return language.pgettext("voucher", "No expiration")


def _steps(paper: GiftVoucher, language: Language, code: str) -> Iterator[str]:
    phone = paper.clinic.phone.replace(" ", NO_BREAK_SPACE)
    reached = [way for way in (phone, paper.clinic.email) if way]
    ways = (
        language.gettext("{phone} or {email}", phone=phone, email=paper.clinic.email)
        if len(reached) > 1
        else "".join(reached)
    )
    yield (
        language.gettext("Book your first visit: {ways}.", ways=ways)
        if ways
        else language.gettext("Book your first visit with us.")
    )
    yield language.gettext(
        "Bring this voucher, or tell us its code: {code}.", code=code.replace("-", "\u2011")
    )
    yield language.gettext("We put the sessions in your name. From then on they are yours, visit by visit.")


def _marks(paper: GiftVoucher, language: Language) -> Iterator[Marks]:
    """Draw the same marks as a punch card, which has none for add-ons either."""
    main, touch_ups = (
        sum(each.sessions for each in paper.contents if each.kind == kind) for kind in ("main", "touch_up")
    )
    if 0 < main <= MARKS_UP_TO:
        alt = language.ngettext("{n} session, not used yet", "{n} sessions, none used yet", main)
        yield Marks(is_diamonds=False, card=_rows(main, 6, alt))
    if 0 < touch_ups <= MARKS_UP_TO:
        alt = language.ngettext("{n} touch-up, not used yet", "{n} touch-ups, none used yet", touch_ups)
        yield Marks(is_diamonds=True, card=_rows(touch_ups, 2, alt))


def _rows(sessions: int, row: int, alt: str) -> Card:
    marks = tuple(
        Mark(RADIUS + 2 + place % row * STEP, RADIUS + 2 + place // row * STEP, "left", False, "", ())
        for place in range(sessions)
    )
    lines = (sessions + row - 1) // row
    rest = 2 * RADIUS + 4
    return Card((min(sessions, row) - 1) * STEP + rest, (lines - 1) * STEP + rest, RADIUS, marks, alt)


def letter_sentences(paper: VoucherLetter, language: Language) -> tuple[str, ...]:
    """Return the letter: what is enclosed, how to give it, and whom to ask."""
    phone = paper.clinic.phone.replace(" ", NO_BREAK_SPACE)
    sentences = (
        language.gettext(
            "Thank you for your gift. Enclosed is the voucher for {name}: {package}.",
            name=paper.recipient_name,
            package=paper.package_name,
        ),
        _inside(paper, language),
        language.gettext(
            "The code on it works once, for anyone who brings it. Please keep it safe until you give it."
        ),
        language.gettext("It is good until {date}.", date=language.long_date(paper.good_until))
        if paper.good_until
        else "",
        language.gettext("Is something not right? Call us at {phone}.", phone=phone) if phone else "",
    )
    return tuple(filter(None, sentences))


def _inside(paper: VoucherLetter, language: Language) -> str:
    if paper.is_folded and paper.has_message:
        return language.gettext(
            "Fold it twice, with the front outside; your message is inside. It shows no price."
        )
    if paper.is_folded:
        return language.gettext("Fold it twice, with the front outside. It shows no price.")
    if paper.has_message:
        return language.gettext("Your message is inside. It shows no price.")
    return language.gettext("It shows no price.")
