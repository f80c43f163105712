"""Editing a package makes a new version of it; off sale it is kept. Courses already sold are never touched."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, require
from plugin.courses.clinic import clinic_in
from plugin.courses.operations import answered_before, digest, remember
from plugin.courses.selling.packages import (
    NewPackage,
    checked_package,
    package_in,
    same_currency,
    write_contents_in,
)
from plugin.courses.views import PackageView
from plugin.errors import NotFound, Refused
from plugin.store import Store
from plugin.store.offers import Package, PackageContent


def edit_package(
    store: Store, act: Act, package_id: str, new: NewPackage, *, seen_version: int | None = None
) -> PackageView:
    """Sell the package like this from now on; raises InvalidField, NotFound, or Refused where it changed meanwhile.

    The till keeps its price until the package is published again.
    """
    require(act.actor)
    checked = checked_package(new)

    def work(session: Session) -> PackageView:
        package = _held(session, package_id)
        asked = digest("edit_package", {"id": package_id, **asdict(new), "terms": new.terms.to_json()})
        if answered_before(session, act, asked) is not None:
            return package_in(session, package_id)
        if seen_version is not None and seen_version != package.version:
            raise Refused("Somebody has changed this package meanwhile. Look at it again.", code="changed")
        same_currency(checked, clinic_in(session).currency)
        _write(session, store, package, checked)
        remember(session, act, asked, {"package_id": package_id})
        return package_in(session, package_id)

    return store.transact(work)


def set_on_sale(store: Store, act: Act, package_id: str, *, is_active: bool) -> PackageView:
    """Take a package off sale, or put it on sale again; what the till still sells of it is booked all the same."""
    require(act.actor)

    def work(session: Session) -> PackageView:
        asked = digest("set_on_sale", {"id": package_id, "is_active": is_active})
        package = _held(session, package_id)
        if answered_before(session, act, asked) is None:
            package.is_active = is_active
            remember(session, act, asked, {"package_id": package_id})
        return package_in(session, package_id)

    return store.transact(work)


def _held(session: Session, package_id: str) -> Package:
    held = select(Package).where(Package.id == package_id).with_for_update()
    package = session.scalar(held.execution_options(populate_existing=True))
    if package is None:
        raise NotFound("There is no such package.")
    return package


def _write(session: Session, store: Store, package: Package, new: NewPackage) -> None:
    package.name, package.price, package.terms = new.name, new.price.amount, new.terms.to_json()
    package.version += 1
    session.execute(delete(PackageContent).where(PackageContent.package_id == package.id))
    write_contents_in(session, store, package, new.contents)
