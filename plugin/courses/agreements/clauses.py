"""The clauses of a course agreement, in the client's language: from the package's terms and the clinic's own words.

With a refund worked with the numbers of the package, as it would be after a few sessions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from invoices.language import Language, language_for
from invoices.pages.agreement import not_promised
from invoices.papers import Clause, RefundedSessions, RefundExample, RefundWorking
from invoices.papers import Money as PaperMoney
from plugin.core.change_of_mind import ChangeOfMind
from plugin.core.money import Money
from plugin.core.refund_value import FORMULAS, Agreed, Sessions
from plugin.core.terms import RefundFormula
from plugin.courses.base.views import ClinicView, ContentView, PackageView
from plugin.courses.base.words import paper_money
from plugin.courses.catalog.names import Names
from plugin.courses.catalog.terms_text import missed_text, questions, refund_text, sharing_text

# Rises when the clauses themselves change, so that a signed paper says which it holds.
FORM = 1


@dataclass(frozen=True, slots=True)
class MindPeriod:
    """The period to change one's mind for a sale made today, and its last day."""

    profile: ChangeOfMind
    until: date


def contents_text(contents: Sequence[ContentView], names: Names, language: Language) -> tuple[str, ...]:
    """Return what a package contains, a line for each treatment."""
    return tuple(_content(each, names, language) for each in contents)


def clauses_before(
    package: PackageView, names: Names, tag: str, period: MindPeriod | None, today: date
) -> tuple[Clause, ...]:
    """Return the clauses up to the refund, which a worked example follows."""
    language = language_for(tag)
    parts = [
        Clause(heading=language.gettext("What uses a session"), sentences=tuple(_uses(package, language))),
        Clause(heading=language.gettext("By when"), sentences=tuple(_by_when(package, language))),
        Clause(heading=language.gettext("Who may use it"), sentences=(sharing_text(language),)),
    ]
    if period is not None:
        parts.append(
            Clause(
                heading=language.gettext("If you change your mind"),
                sentences=tuple(_change_of_mind(period, today, language)),
            )
        )
    prices = [(names(each.treatment), each.single_price) for each in package.contents]
    refund = refund_text(package.terms, prices, language)
    parts.append(Clause(heading=language.gettext("If you stop early"), sentences=(refund,)))
    return tuple(parts)


def clauses_after(clinic: ClinicView, tag: str, own_words: str) -> tuple[Clause, ...]:
    """Return the clauses behind the refund; `own_words`: of the clinic on illness and the like, "" for ours."""
    language = language_for(tag)
    words = tuple(own_words.splitlines()) or tuple(_contingencies(language))
    return (
        Clause(heading=language.gettext("If something happens"), sentences=words),
        Clause(
            heading=language.gettext("What is not promised"),
            sentences=(not_promised(language),),
        ),
        Clause(heading=language.gettext("Your balance"), sentences=tuple(_balance(clinic, language))),
    )


def _content(content: ContentView, names: Names, language: Language) -> str:
    said = f"{content.sessions} × {names(content.treatment)}"
    single = language.money(paper_money(content.single_price))
    each = language.gettext("a single visit: {price}", price=single) if content.single_price.amount else ""
    later = (
        language.pgettext("private page", "from session {n} on", n=content.usable_from_session)
        if content.usable_from_session
        else ""
    )
    return language.with_comma(said, later, each)


def _uses(package: PackageView, language: Language) -> Iterator[str]:
    yield language.gettext("Each visit uses one session of its treatment.")
    yield missed_text(package.terms, language)


def _by_when(package: PackageView, language: Language) -> Iterator[str]:
    terms = package.terms
    if terms.expires_after_months is None and terms.expires_on is None:
        yield language.gettext("Your sessions do not expire.")
        return
    if terms.expires_on is not None:
        yield language.gettext(
            "Your sessions are valid until {date}.", date=language.long_date(terms.expires_on)
        )
    elif terms.waits_for_first_use:
        yield language.ngettext(
            "Your sessions are valid for {n} month from your first visit.",
            "Your sessions are valid for {n} months from your first visit.",
            terms.expires_after_months or 0,
        )
    else:
        yield language.ngettext(
            "Your sessions are valid for {n} month from the day you buy them.",
            "Your sessions are valid for {n} months from the day you buy them.",
            terms.expires_after_months or 0,
        )
    yield language.gettext("If you need longer, ask us before that day.")


def _change_of_mind(period: MindPeriod, today: date, language: Language) -> Iterator[str]:
    profile = period.profile
    days = (
        language.ngettext("{n} working day", "{n} working days", profile.days)
        if profile.counting == "working"
        else language.ngettext("{n} day", "{n} days", profile.days)
    )
    yield language.gettext(
        "You can change your mind within {days}, without a reason. If you buy on {today}, that is until {date}.",
        days=days,
        today=language.long_date(today),
        date=language.long_date(period.until),
    )
    if profile.formula is RefundFormula.PRORATED:
        yield language.gettext(
            "Tell us in any way. You get back all you paid, less the price of the sessions you have had by then, "
            "as their part of the price of the course."
        )
    else:
        yield language.gettext(
            "Tell us in any way. You get back all you paid, less the sessions you have had by then "
            "at the single-visit price."
        )
    if profile.channel == "distance":
        yield language.gettext("If you come before that day, you ask us to begin early.")


def _contingencies(language: Language) -> Iterator[str]:
    yield language.gettext(
        "If you fall ill, become pregnant, react to a treatment or move away, tell us. We put your course on hold, "
        "or pay back what is left as above."
    )
    yield language.gettext(
        "If the clinic closes for good, you get back what you paid for the sessions not used."
    )


def _balance(clinic: ClinicView, language: Language) -> Iterator[str]:
    yield language.gettext(
        "What is left is on your private page and on each course summary. Ask us for either at any time."
    )
    if asked := questions(language, clinic.phone, clinic.email):
        yield asked


_USED = 4


def refund_example(package: PackageView, names: Names) -> RefundExample | None:
    """Return what is paid back after four main sessions, or fewer of a short package; None for a single one."""
    main = [each for each in package.contents if each.kind == "main"]
    used = min(_USED, sum(each.sessions for each in main) - 1)
    if used < 1 or not package.price.amount:
        return None
    parts = _parts(package.contents, used)
    agreed = Agreed(package.price, package.price, Money(0, package.price.currency))
    formula = package.terms.refund_formula
    amount = FORMULAS[formula](agreed, parts, lambda money: str(money.amount)).amount
    sessions = tuple(
        RefundedSessions(
            treatment=names(each.treatment),
            used=each.used,
            removed=each.left,
            single_price=PaperMoney(each.single_price, package.price.currency),
        )
        for each in parts
    )
    return RefundExample(
        used=used,
        total=sum(each.sessions for each in main),
        working=RefundWorking(
            package_name=names(package.name),
            paid=paper_money(package.price),
            sessions=sessions,
            formula="prorated" if formula is RefundFormula.PRORATED else "discount_forfeited",
        ),
        amount=paper_money(amount),
    )


def _parts(contents: tuple[ContentView, ...], used: int) -> list[Sessions]:
    """Return the contents with so many main sessions used, the first treatments first."""
    parts = []
    for each in contents:
        taken = min(used, each.sessions) if each.kind == "main" else 0
        used -= taken
        parts.append(Sessions(each.treatment, taken, each.sessions - taken, each.single_price.amount))
    return parts
