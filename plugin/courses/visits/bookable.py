"""Which service of Square Appointments the planned visits of a treatment are booked as."""

from collections.abc import Mapping, Sequence

from sqlalchemy import exists, select

from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.work import Work, allowed
from plugin.store import Store
from plugin.store.offers import Package, PackageContent, Treatment


def planned_treatments(store: Store) -> Sequence[Treatment]:
    """Return the main treatments of the packages for sale, and those that have a service, by name."""
    is_sold = exists().where(
        PackageContent.treatment_id == Treatment.id,
        PackageContent.package_id == Package.id,
        Package.is_active.is_(True),
    )
    rows = (
        select(Treatment)
        .where(Treatment.kind == "main", is_sold | Treatment.square_service_id.is_not(None))
        .order_by(Treatment.name)
    )
    with store.reading() as session:
        return session.scalars(rows).all()


@allowed()
def save_services(work: Work, service_of: Mapping[str, str]) -> None:
    """Save the service of each treatment by its id, "" for none; what is not named stays. What changed is recorded."""
    wanted = select(Treatment).where(Treatment.id.in_(service_of)).with_for_update()
    for row in work.session.scalars(wanted):
        before, row.square_service_id = row.square_service_id, service_of[row.id] or None
        if row.square_service_id != before:
            record_in(
                work,
                Did.SERVICE_CHANGED,
                name=row.name,
                before=before or "",
                after=row.square_service_id or "",
                subject_id=row.id,
            )
