"""A course agreement in words: the price, the clauses, a refund worked with its numbers, and the signature; and a
quote: the price, the sessions with the price of one, the same refund, how to pay.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name

from invoices.language import NO_BREAK_SPACE, Language
from invoices.pages.invoice import working
from invoices.papers import AgreementSignature, QuotedTreatment, RefundExample


def example_text(example: RefundExample, language: Language) -> str:
    """Return what is paid back after some sessions, with how it is computed."""
    formula = working(example.working, language, is_named=False).formula
    return language.gettext(
        "For example, after {used} of {total} sessions: {formula} = {amount} paid back.",
        used=example.used,
        total=example.total,
        formula=formula,
        amount=language.money(example.amount).replace(" ", NO_BREAK_SPACE),
    )


def not_promised(language: Language) -> str:
    return language.gettext(
        "How much a course helps, and for how long, differs from person to person. No result is promised."
    )


def moments(at: datetime, time_zone: str, language: Language) -> tuple[str, str]:
    """Return a moment by the clinic's clock, and in UTC."""
    local = at.astimezone(ZoneInfo(time_zone))
    day, time = language.long_date(local.date()), language.time_of_day(at, time_zone)
    zone = get_timezone_name(local, width="short", locale=language.locale)
    return language.with_comma(day, f"{time} {zone}"), f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def signature_lines(signature: AgreementSignature, time_zone: str, language: Language) -> tuple[str, ...]:
    """Return how, when and before whom it was signed."""
    local, utc = moments(signature.signed_at, time_zone, language)
    how = {
        "drawn": language.gettext("Signed on screen"),
        "typed": language.gettext("Signed by typing the name"),
        "paper": language.gettext("Signed on paper, recorded by the clinic"),
    }[signature.way]
    present = (
        language.gettext("With {name} of the clinic", name=signature.present)
        if signature.present
        else language.gettext("On the client’s own device")
    )
    return language.with_comma(how, local), utc, present


def quoted(each: QuotedTreatment, language: Language) -> tuple[str, str]:
    """Return the sessions of a treatment, and what one of them costs, "" where it costs nothing."""
    later = (
        language.pgettext("private page", "from session {n} on", n=each.usable_from_session)
        if each.usable_from_session
        else ""
    )
    what = language.with_comma(f"{each.sessions} × {each.treatment}", later)
    if not each.single_price.amount:
        return what, ""
    single, within = language.money(each.single_price), language.money(each.session_price)
    if within == single:
        return what, language.gettext("{price} a session", price=single)
    return what, language.gettext(
        "{price} a session in this course, {single} for a single visit", price=within, single=single
    )
