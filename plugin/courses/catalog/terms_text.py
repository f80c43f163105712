"""Terms as plain sentences, for papers and the activity log; and where the law lets no gift certificate expire."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from invoices.language import Language, language_for
from plugin.core.course import AllowanceState
from plugin.core.money import Money
from plugin.core.terms import NoShow, RefundFormula, Terms
from plugin.courses.base.views import ClinicView, ContentView, CourseView, PackageView
from plugin.courses.base.words import format_money, paper_money
from plugin.courses.catalog.names import MAIN_NAMES, Names
from plugin.wording import N_


def terms_sentences(
    terms: Terms,
    tag: str,
    *,
    prices: Sequence[tuple[str, Money]] = (),
    has_expiry: bool = True,
    has_refund: bool = True,
) -> tuple[str, ...]:
    """Return the terms in force, a sentence or two each. A date of expiration is elsewhere on the paper.

    `prices`: the single price of each treatment of the course, which the refund formula may use. Without
    `has_expiry`, whether the sessions expire is stated elsewhere too; without `has_refund`, another person
    paid.
    """
    language = language_for(tag)
    sentences = (
        _expiry(terms, language) if has_expiry else "",
        missed_text(terms, language),
        sharing_text(language),
        refund_text(terms, prices, language) if has_refund else "",
    )
    return tuple(sentence for sentence in sentences if sentence)


def terms_of(
    course: CourseView,
    language: str,
    *,
    has_no_expiry: bool = True,
    has_refund: bool = True,
    names: Names = MAIN_NAMES,
) -> tuple[str, ...]:
    """Return the terms of a sold course with its own prices. A known date of expiration is stated elsewhere.

    Without `has_no_expiry`, so is that there is none.
    """
    waits = course.terms.waits_for_first_use
    return terms_sentences(
        course.terms,
        language,
        prices=[(names(each.treatment), _charged(course, each)) for each in course.allowances],
        has_expiry=course.expires_on is None and (has_no_expiry or waits),
        has_refund=has_refund,
    )


def _charged(course: CourseView, allowance: AllowanceState) -> Money:
    """Return the price of a single visit as a refund counts it: with the tax of the sale."""
    single = allowance.single_price
    return Money(course.charge.gross_of_listed(single.amount), single.currency)


def gift_sentences(terms: Terms, language: str) -> tuple[str, ...]:
    """Return the voucher's sentences for the recipient, besides how long it is valid and how it is used."""
    return (missed_text(terms, language_for(language)),)


def questions(language: Language, phone: str, email: str) -> str:
    """Return whom to ask, "" if the clinic gave neither."""
    if phone and email:
        return language.gettext("Questions? Call {phone} or write to {email}.", phone=phone, email=email)
    if phone:
        return language.gettext("Questions? Call {phone}.", phone=phone)
    return language.gettext("Questions? Write to {email}.", email=email) if email else ""


def _expiry(terms: Terms, language: Language) -> str:
    months = terms.expires_after_months
    if terms.waits_for_first_use and months is not None:
        return language.ngettext(
            "Your sessions are valid for {n} month from your first visit.",
            "Your sessions are valid for {n} months from your first visit.",
            months,
        )
    has_expiry = months is not None or terms.expires_on is not None
    return "" if has_expiry else language.gettext("Your sessions do not expire.")


def sharing_text(language: Language) -> str:
    """Return who may use the sessions."""
    return language.gettext(
        "The sessions are yours. To share them with someone or pass them on, ask us first."
    )


def missed_text(terms: Terms, language: Language) -> str:
    """Return how to cancel, and what a missed visit costs."""
    notice = ""
    if terms.notice_hours:
        notice = language.ngettext(
            "Please cancel at least {n} hour ahead.",
            "Please cancel at least {n} hours ahead.",
            terms.notice_hours,
        )
    return language.sentences(notice, _no_show(terms, language))


def _no_show(terms: Terms, language: Language) -> str:
    if terms.no_show is NoShow.FORGIVE:
        return language.gettext("A visit missed without notice is not counted.")
    if terms.no_show is NoShow.ASK:
        return language.gettext(
            "If a visit is missed without notice, we decide with you whether it counts as used."
        )
    if not terms.forgiven_no_shows:
        return language.gettext("A visit missed without notice counts as used.")
    # Not a plural: Chinese has one form for all numbers, and writes "the first time" for one.
    if terms.forgiven_no_shows == 1:
        return language.gettext("A visit missed without notice counts as used; we look past it once.")
    return language.gettext(
        "A visit missed without notice counts as used; we look past it {count} times.",
        count=terms.forgiven_no_shows,
    )


def refund_text(terms: Terms, prices: Sequence[tuple[str, Money]], language: Language) -> str:
    """Return what is refunded, with the single prices (treatment and price) where they matter."""
    if terms.refund_formula is RefundFormula.PRORATED:
        return language.gettext("Refund: what you paid for the sessions you have not used.")
    return language.gettext(
        "Refund: what you paid, less the sessions used at the single-visit price{prices}.",
        prices=_single_prices(prices, language),
    )


def _single_prices(prices: Sequence[tuple[str, Money]], language: Language) -> str:
    written = {treatment: language.money(paper_money(price)) for treatment, price in prices if price.amount}
    if not written:
        return ""
    if len(set(written.values())) == 1:
        return language.gettext(" of {price}", price=next(iter(written.values())))
    listed = "; ".join(f"{treatment}: {price}" for treatment, price in written.items())
    return language.gettext(" ({prices})", prices=listed)


def package_text(package: PackageView) -> str:
    """Return the name, price, contents and terms, in English."""
    return "\n".join(_lines(package))


def _lines(package: PackageView) -> Iterator[str]:
    yield N_("Version: {version}", version=package.version)[:]
    yield N_("Name: {name}", name=package.name)[:]
    yield N_("Price: {price}", price=format_money(package.price, "en"))[:]
    yield from (_content(each) for each in package.contents)
    prices = [(each.treatment, each.single_price) for each in package.contents]
    for sentence in terms_sentences(package.terms, "en", prices=prices):
        yield N_("Terms: {sentence}", sentence=sentence)[:]


def _content(each: ContentView) -> str:
    said = {
        "sessions": f"{each.sessions} × {each.treatment}",
        "price": format_money(each.single_price, "en"),
    }
    if not each.usable_from_session:
        return N_("Sessions: {sessions} ({price})", **said)[:]
    return N_(
        "Sessions: {sessions} ({price}), usable after session {number}",
        number=each.usable_from_session,
        **said,
    )[:]


@dataclass(frozen=True, slots=True)
class GiftLaw:
    """A state and the statute by which gift certificates sold there have no expiry."""

    state: str
    statute: str


_LAWS = {
    "CA": GiftLaw("California", "Civil Code § 1749.5"),
    "CT": GiftLaw("Connecticut", "General Statutes § 42-460"),
    "FL": GiftLaw("Florida", "Statutes § 501.95"),
    "MN": GiftLaw("Minnesota", "Statutes § 325G.53"),
    "MT": GiftLaw("Montana", "Code Annotated § 30-14-108"),
    "OR": GiftLaw("Oregon", "Revised Statutes § 646A.276"),
    "RI": GiftLaw("Rhode Island", "General Laws § 6-13-12"),
    "WA": GiftLaw("Washington", "Revised Code § 19.240.020"),
}
_STATE_AND_ZIP = re.compile(r"\b([A-Z]{2})[ ,]+\d{5}(?:-\d{4})?\b")


def gift_law_of(clinic: ClinicView) -> GiftLaw | None:
    """Return the law of the state in the clinic's address; None where none is known."""
    states: list[str] = _STATE_AND_ZIP.findall(clinic.address) if clinic.country == "US" else []
    return _LAWS.get(states[-1]) if states else None
