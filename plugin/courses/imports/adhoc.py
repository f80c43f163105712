"""Courses of a treatment that no package holds: each is given a package of its own that is not for sale."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.terms import Terms
from plugin.core.text import folded
from plugin.courses.imports.offers import Content, Offer, treatments_in
from plugin.courses.imports.rows import ImportRow
from plugin.store import Store
from plugin.store.offers import Package, PackageContent, Treatment

# A course needs a package to be of; this one is never sold again.
_NO_PRICE = 0


class Adhoc:
    """Finds or makes the package and the treatment behind such a course; one for each treatment and number."""

    def __init__(self, session: Session, store: Store, act: Act, currency: str) -> None:
        self._session = session
        self._store = store
        self._act = act
        self._currency = currency
        self._treatments = treatments_in(session)
        self._offers = self._made_before()

    def offer_of(self, row: ImportRow) -> Offer:
        """Return what the course copies; its single price is the treatment's, else what one session cost."""
        treatment = self._treatment(row)
        known = (treatment.id, row.granted)
        if known not in self._offers:
            self._offers[known] = self._make(treatment, row.granted)
        single = treatment.single_price or (row.price or 0) // row.granted
        content = Content(0, treatment.id, treatment.name, treatment.kind, row.granted, single, None)
        return replace(self._offers[known], contents=(content,))

    def _treatment(self, row: ImportRow) -> Treatment:
        known = self._treatments.get(folded(row.treatment))
        if known is not None:
            return known
        made = Treatment(
            id=self._store.new_id(),
            name=row.treatment,
            kind="main",
            single_price=(row.price or 0) // row.granted,
            currency=self._currency,
        )
        self._session.add(made)
        self._session.flush()
        self._treatments[folded(row.treatment)] = made
        return made

    def _make(self, treatment: Treatment, sessions: int) -> Offer:
        package = Package(
            id=self._store.new_id(),
            name=treatment.name,
            version=1,
            price=_NO_PRICE,
            currency=self._currency,
            terms=Terms().to_json(),
            is_active=False,
            created_at=self._act.now,
        )
        content = PackageContent(
            package_id=package.id,
            position=0,
            treatment_id=treatment.id,
            sessions=sessions,
            single_price=treatment.single_price,
        )
        self._session.add(package)
        self._session.flush()
        self._session.add(content)
        self._session.flush()
        return _offer(package)

    def _made_before(self) -> dict[tuple[str, int], Offer]:
        rows = self._session.execute(
            select(Package, PackageContent)
            .join(PackageContent, PackageContent.package_id == Package.id)
            .join(Treatment, Treatment.id == PackageContent.treatment_id)
            .where(Package.is_active.is_(False), Package.price == _NO_PRICE, Package.name == Treatment.name)
        )
        return {(content.treatment_id, content.sessions): _offer(package) for package, content in rows}


def _offer(package: Package) -> Offer:
    return Offer(
        package.id, package.name, package.version, package.terms, (), package.price, package.is_active
    )
