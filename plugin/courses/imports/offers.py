"""The clinic's packages as an import sees them: by name, with what a course of each contains.

A course that matches no package gets one of its own that is not for sale.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.terms import Terms
from plugin.core.text import folded
from plugin.courses.base.course_record import AllowanceRecord, CourseRecord
from plugin.courses.base.views import from_row
from plugin.courses.base.work import Work
from plugin.courses.catalog.packages import MOST_SESSIONS
from plugin.store.offers import Package, PackageContent, Treatment
from plugin.wording import _

# A course needs a package; this one is never sold again.
_NO_PRICE = 0


@dataclass(frozen=True, slots=True)
class Content:
    """A number of sessions of a treatment; `kind` as everywhere."""

    position: int
    treatment_id: str
    treatment: str
    kind: str
    sessions: int
    single_price: int
    usable_from_session: int | None


@dataclass(frozen=True, slots=True)
class Offer:
    """An existing package, and what a course sold of it copies."""

    id: str
    name: str
    version: int
    terms: dict[str, Any]
    contents: tuple[Content, ...]
    price: int
    is_active: bool

    @property
    def main(self) -> Content:
        """Return the content that the file's numbers refer to."""
        counted = [each for each in self.contents if each.kind == "main"] or self.contents
        return counted[0]

    @property
    def sessions(self) -> int:
        """Return how many sessions it contains."""
        return self.main.sessions

    @property
    def touch_ups(self) -> int:
        """Return how many touch-ups it contains."""
        return sum(each.sessions for each in self.contents if each.kind == "touch_up")

    @property
    def why_not(self) -> str:
        """Return why a row can't be a course of it, "" if it can: one number can't count two treatments."""
        main = [each for each in self.contents if each.kind == "main"]
        touch_ups = [each for each in self.contents if each.kind == "touch_up"]
        if len(main) <= 1 and len(touch_ups) <= 1:
            return ""
        return _(
            "“{self}” holds several treatments. Write a row for each, with the treatment’s own name.",
            self=self.name,
        )


def offers_in(session: Session) -> dict[str, tuple[Offer, ...]]:
    """Return the packages by folded name; one that is for sale before those of the same name that are not."""
    contents: dict[str, list[Content]] = defaultdict(list)
    rows = session.execute(
        select(PackageContent, Treatment)
        .join(Treatment, Treatment.id == PackageContent.treatment_id)
        .order_by(PackageContent.package_id, PackageContent.position)
    )
    for content, treatment in rows:
        contents[content.package_id].append(_content(content, treatment))
    found: dict[str, list[Offer]] = defaultdict(list)
    for package in session.scalars(select(Package).order_by(Package.id)):
        if contents[package.id]:
            found[folded(package.name)].append(_offer(package, contents[package.id]))
    return {name: _preferred(offers) for name, offers in found.items()}


def treatments_in(session: Session) -> dict[str, Treatment]:
    """Return the treatments by folded name."""
    return {folded(row.name): row for row in session.scalars(select(Treatment).order_by(Treatment.id.desc()))}


def _preferred(offers: list[Offer]) -> tuple[Offer, ...]:
    active = tuple(offer for offer in offers if offer.is_active)
    # What an earlier import created for a treatment has no price, and can't be named by a file.
    return active or tuple(offer for offer in offers if offer.price)


def _offer(package: Package, contents: list[Content]) -> Offer:
    return from_row(Offer, package, contents=tuple(contents))


def _content(content: PackageContent, treatment: Treatment) -> Content:
    return from_row(Content, content, treatment=treatment.name, kind=treatment.kind)


class UnlistedOffers:
    """Finds or creates the package and the treatments of courses that match no existing package."""

    def __init__(self, work: Work, currency: str) -> None:
        self._work = work
        self._session = work.session
        self._currency = currency
        self._treatments = treatments_in(work.session)
        self._offers = self._made_before()

    def of_treatment(self, name: str, sessions: int, price: int | None) -> Offer:
        """Return what a course of one treatment copies. A new treatment's single price is the price of one session."""
        treatment = self._treatment(name, "main", (price or 0) // sessions)
        single = treatment.single_price or (price or 0) // sessions
        content = Content(0, treatment.id, treatment.name, treatment.kind, sessions, single, None)
        known = (treatment.name, ((treatment.id, sessions),))
        if known not in self._offers:
            stored = replace(content, single_price=treatment.single_price)
            self._offers[known] = self._make(treatment.name, Terms(), [stored])
        return replace(self._offers[known], contents=(content,))

    def of_record(self, record: CourseRecord, name: str) -> Offer:
        """Return the package of an exported course; courses of one name and contents share it."""
        contents = self.contents_of(record)
        known = (name, tuple((each.treatment_id, each.sessions) for each in contents))
        if known not in self._offers:
            self._offers[known] = self._make(name, record.terms, contents)
        return self._offers[known]

    def contents_of(self, record: CourseRecord) -> list[Content]:
        """Return what an exported course contains."""
        return [self._content(position, each) for position, each in enumerate(record.allowances)]

    def _content(self, position: int, of: AllowanceRecord) -> Content:
        treatment = self._treatment(of.treatment, of.kind, of.single_price)
        return Content(
            position=position,
            treatment_id=treatment.id,
            treatment=of.treatment,
            kind=of.kind,
            sessions=min(max(1, of.head.granted), MOST_SESSIONS),
            single_price=of.single_price,
            usable_from_session=of.usable_from_session,
        )

    def _treatment(self, name: str, kind: str, single_price: int) -> Treatment:
        known = self._treatments.get(folded(name))
        if known is not None:
            return known
        made = Treatment(
            id=self._work.new_id(),
            name=name,
            kind=kind,
            single_price=single_price,
            currency=self._currency,
        )
        self._session.add(made)
        self._session.flush()
        self._treatments[folded(name)] = made
        return made

    def _make(self, name: str, terms: Terms, contents: Sequence[Content]) -> Offer:
        package = Package(
            id=self._work.new_id(),
            name=name,
            version=1,
            price=_NO_PRICE,
            currency=self._currency,
            terms=terms.to_json(),
            is_active=False,
            created_at=self._work.now,
        )
        self._session.add(package)
        self._session.flush()
        # A package lists a treatment once; a course may list it twice.
        once = {each.treatment_id: each for each in reversed(contents)}
        self._session.add_all(
            PackageContent(
                package_id=package.id,
                position=each.position,
                treatment_id=each.treatment_id,
                sessions=each.sessions,
                single_price=each.single_price,
                usable_from_session=each.usable_from_session,
            )
            for each in once.values()
        )
        self._session.flush()
        return _offer(package, list(contents))

    def _made_before(self) -> dict[tuple[str, Any], Offer]:
        """Return what earlier imports created, by its name and its treatments with their sessions."""
        contents: dict[str, list[PackageContent]] = defaultdict(list)
        for content in self._session.scalars(select(PackageContent).order_by(PackageContent.position)):
            contents[content.package_id].append(content)
        rows = select(Package).where(Package.is_active.is_(False), Package.price == _NO_PRICE)
        found: dict[tuple[str, Any], Offer] = {}
        for package in self._session.scalars(rows):
            made_of = tuple((each.treatment_id, each.sessions) for each in contents[package.id])
            found[package.name, made_of] = _offer(package, [])
        return found
