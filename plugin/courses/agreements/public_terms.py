"""A package as the public page shows it: the clauses of the course agreement, before anybody is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from invoices.language import Language
from invoices.pages.agreement import example_text
from invoices.papers import Clause
from plugin.courses.agreements.clauses import MindPeriod, clauses_after, clauses_before, contents_text
from plugin.courses.agreements.example import refund_example
from plugin.courses.agreements.prepare import AgreementRules, period_in
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.views import PackageView
from plugin.courses.catalog.names import Names, names_in


@dataclass(frozen=True, slots=True)
class PublicTerms:
    """What is read before buying; `example` is "" where there is nothing to pay back in part."""

    name: str
    contents: tuple[str, ...]
    before: tuple[Clause, ...]
    example: str
    after: tuple[Clause, ...]

    @property
    def agreed(self) -> tuple[str, ...]:
        """Return every sentence that the buyer agrees to, in order."""
        before, after = (
            [line for each in part for line in (each.heading, *each.sentences)]
            for part in (self.before, self.after)
        )
        return (self.name, *self.contents, *before, *filter(None, [self.example]), *after)


def public_terms_in(
    session: Session,
    packages: Sequence[PackageView],
    language: Language,
    rules: AgreementRules,
    now: datetime,
) -> tuple[PublicTerms, ...]:
    """Return the terms of each package bought online today, in this language."""
    clinic, names = clinic_in(session), names_in(session, language.tag)
    today = local_date(clinic, now)
    period = period_in(session, "distance", rules, today)
    after = clauses_after(clinic, language.tag, rules.words.get(language.locale.language, ""))
    return tuple(_terms(each, names, language, period, today, after) for each in packages)


def _terms(
    package: PackageView,
    names: Names,
    language: Language,
    period: MindPeriod | None,
    today: date,
    after: tuple[Clause, ...],
) -> PublicTerms:
    example = refund_example(package, names)
    return PublicTerms(
        name=names(package.name),
        contents=contents_text(package.contents, names, language),
        before=clauses_before(package, names, language.tag, period, today),
        example=example_text(example, language) if example else "",
        after=after,
    )
