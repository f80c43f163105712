"""The clinic's packages as an import sees them: by name, with what a course of each is made of."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.text import folded
from plugin.store.offers import Package, PackageContent, Treatment


@dataclass(frozen=True, slots=True)
class Content:
    """So many sessions of a treatment; `kind` as everywhere."""

    position: int
    treatment_id: str
    treatment: str
    kind: str
    sessions: int
    single_price: int
    usable_from_session: int | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A package that exists, and what a course sold of it copies."""

    id: str
    name: str
    version: int
    terms: dict[str, Any]
    contents: tuple[Content, ...]
    price: int
    is_active: bool

    @property
    def main(self) -> Content:
        """Return the content that the file's numbers are of."""
        counted = [each for each in self.contents if each.kind == "main"] or self.contents
        return counted[0]

    @property
    def sessions(self) -> int:
        """Return how many sessions it holds."""
        return self.main.sessions

    @property
    def touch_ups(self) -> int:
        """Return how many touch-ups it holds."""
        return sum(each.sessions for each in self.contents if each.kind == "touch_up")

    @property
    def why_not(self) -> str:
        """Return why a row can't tell of it, "" where it can: one number says nothing of two treatments."""
        main = [each for each in self.contents if each.kind == "main"]
        touch_ups = [each for each in self.contents if each.kind == "touch_up"]
        if len(main) <= 1 and len(touch_ups) <= 1:
            return ""
        return f"“{self.name}” holds several treatments. Write a row for each, with the treatment's own name."


def offers_in(session: Session) -> dict[str, tuple[Offer, ...]]:
    """Return the packages by folded name; one that is for sale goes before its namesakes that are not."""
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
    # What an earlier import made for a treatment has no price, and is no package that a file can name.
    return active or tuple(offer for offer in offers if offer.price)


def _offer(package: Package, contents: list[Content]) -> Offer:
    return Offer(
        id=package.id,
        name=package.name,
        version=package.version,
        terms=package.terms,
        contents=tuple(contents),
        price=package.price,
        is_active=package.is_active,
    )


def _content(content: PackageContent, treatment: Treatment) -> Content:
    return Content(
        position=content.position,
        treatment_id=treatment.id,
        treatment=treatment.name,
        kind=treatment.kind,
        sessions=content.sessions,
        single_price=content.single_price,
        usable_from_session=content.usable_from_session,
    )
