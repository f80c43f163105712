"""The letter of a gift voucher and the poster of the public page, in words."""

from dataclasses import dataclass

from invoices.language import NO_BREAK_SPACE, Language
from invoices.pages.qr import QrCode, qr_code
from invoices.papers import ShopPoster, VoucherLetter


@dataclass(frozen=True)
class LetterPage:
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class PosterPage:
    qr: QrCode
    address: str


def letter_page(paper: VoucherLetter, language: Language) -> LetterPage:
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
    return LetterPage(tuple(filter(None, sentences)))


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


def poster_page(paper: ShopPoster, language: Language) -> PosterPage:  # noqa: ARG001 - as every page
    """Return the poster: its code and its address to type."""
    return PosterPage(qr_code(paper.url), paper.url.partition("://")[2])
