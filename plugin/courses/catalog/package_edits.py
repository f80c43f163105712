"""Editing a package makes a new version of it; off sale it is kept.

Courses already sold are never touched.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.views import PackageView
from plugin.courses.base.work import Work, allowed, require_row
from plugin.courses.catalog import packages
from plugin.courses.catalog.links import PUBLISH
from plugin.courses.catalog.names import save_names_in
from plugin.courses.catalog.terms_text import package_text
from plugin.errors import Refused
from plugin.store import Store
from plugin.store.offers import Package, PackageContent
from plugin.wording import _

# The person who saves publishes at once; the job is for a lost answer.
PUBLISHED_BY_JOB_AFTER = timedelta(seconds=10)


@allowed()
def edit_package(
    work: Work, package_id: str, new: packages.NewPackage, *, seen_version: int | None = None
) -> PackageView:
    """Sell the package like this from now on.

    Raises InvalidField, NotFound, or Refused if it changed meanwhile. A new price or name is published in
    Square by the caller, and by a job if the caller's answer is lost.
    """
    checked = packages.checked_package(new)
    package = _locked(work.session, package_id)
    request = {"id": package_id, **new.request}
    work.once("edit_package", request, lambda: _edit(work, package, checked, seen_version))
    return packages.package_in(work.session, package_id)


def _edit(work: Work, package: Package, new: packages.NewPackage, seen_version: int | None) -> dict[str, Any]:
    if seen_version is not None and seen_version != package.version:
        raise Refused(_("Someone else has changed this package meanwhile. Check it again."), code="changed")
    packages.same_currency(new, clinic_in(work.session).currency)
    is_sold_otherwise = (package.name, package.price) != (new.name, new.price.amount)
    before = package_text(packages.package_in(work.session, package.id))
    _write(work.session, work.store, package, new)
    if new.names is not None:
        save_names_in(work, package.name, new.names)
    after = package_text(packages.package_in(work.session, package.id))
    record_in(work, Did.PACKAGE_CHANGED, name=package.name, subject_id=package.id, before=before, after=after)
    if is_sold_otherwise:
        _enqueue_publication(work, package)
    return {"package_id": package.id}


@allowed()
def set_on_sale(work: Work, package_id: str, *, is_active: bool) -> PackageView:
    """Take a package off sale, or make it available again.

    What Square still sells of it is booked all the same.
    """
    package = _locked(work.session, package_id)

    def switch() -> dict[str, Any]:
        if package.is_active != is_active:
            state = "active" if is_active else "deactivated"
            record_in(work, Did.PACKAGE_ON_SALE, name=package.name, subject_id=package.id, after=state)
        package.is_active = is_active
        return {"package_id": package_id}

    work.once("set_on_sale", {"id": package_id, "is_active": is_active}, switch)
    return packages.package_in(work.session, package_id)


def _locked(session: Session, package_id: str) -> Package:
    return require_row(session, Package, package_id, packages.NO_PACKAGE, is_locked=True)


def _enqueue_publication(work: Work, package: Package) -> None:
    """Enqueue publishing the package as it is set here. One off sale, or deleted in Square, is left alone."""
    view = packages.package_in(work.session, package.id)
    if view.on_till is None or view.on_till.is_deleted or not package.is_active:
        return
    if view.differs_in_square or view.on_till.seen_at is None:
        enqueue(work, PUBLISH, package.id, due_at=work.now + PUBLISHED_BY_JOB_AFTER)


def _write(session: Session, store: Store, package: Package, new: packages.NewPackage) -> None:
    listing = packages.listing_in(session, package.id)
    if listing is not None and listing.agreed_name == package.name:
        # An item published under the package's name is renamed with it; one with its own name keeps that.
        listing.agreed_name = new.name
    package.name, package.price, package.terms = new.name, new.price.amount, new.terms.to_json()
    package.version += 1
    session.execute(delete(PackageContent).where(PackageContent.package_id == package.id))
    packages.write_contents_in(session, store, package, new.contents)
