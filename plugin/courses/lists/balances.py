"""Keeping what is left of each client's courses, by the rows of the list, with the state and country of the client."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select

from plugin.courses.base.course_extras import CLIENT_IDS
from plugin.store.listing import HAS_LEFT, ListedCourse
from plugin.store.people import IS_LIVING_PROFILE, SquareCustomer
from plugin.store.prepared import Prepared
from plugin.store.totals import ListedBalance

# The last line of an address as it is written in North America and Australia: "Santa Monica, CA 90401".
_REGION = re.compile(r", ([A-Z]{2,3})(?: [0-9A-Z]{3,}[0-9A-Z -]*)?$")


def region_of(address: str) -> str:
    """Return the state or province of an address that is written line by line, "" where none can be told."""
    if not address:
        return ""
    found = (_REGION.search(line.strip()) for line in reversed(address.splitlines()))
    return next((each[1] for each in found if each is not None), "")


def renew_balances(connection: Connection, client_ids: Collection[str | None]) -> None:
    """Write the balances of these clients anew; None: of the courses without a client."""
    ids = sorted(each for each in client_ids if each is not None)
    rows = list(_computed(connection, {"client_ids": ids}, _LEFT)) if ids else []
    if None in client_ids:
        rows += _computed(connection, {"client_ids": ids}, _LEFT_OF_NOBODY)
    connection.execute(_DELETE, {"client_ids": [each or "" for each in client_ids]})
    if rows:
        connection.execute(_INSERT, rows)


def balances_left() -> Select[*tuple[Any, ...]]:
    """Return the query for the numbers of each balance, by the rows of the list."""
    of = ListedCourse
    numbers = (
        func.max(of.client_name).label("client_name"),
        func.max(of.last_seen_on).label("last_seen_on"),
        func.count().label("courses"),
        func.sum(of.sessions_left).label("sessions"),
        func.sum(of.value).label("value"),
    )
    columns = select(of.client_id.label("client_id"), of.currency, *numbers)
    return columns.where(HAS_LEFT).group_by(of.client_id, of.currency)


def _computed(
    connection: Connection, which: dict[str, list[str]], left: Prepared
) -> Iterator[dict[str, Any]]:
    profiles: dict[str, Row[Any]] = {each.client_id: each for each in _PROFILES.all(connection, which)}
    for row in left.all(connection, which):
        profile = profiles.get(row.client_id)
        yield {
            "client_id": row.client_id or "",
            "currency": row.currency,
            "client_name": row.client_name,
            "country": profile.country if profile else "",
            "region": region_of(profile.address) if profile else "",
            "last_seen_on": row.last_seen_on,
            "courses": row.courses,
            "sessions": int(row.sessions),
            "value": int(row.value),
        }


_LEFT = Prepared(balances_left().where(ListedCourse.client_id.in_(CLIENT_IDS)))
_LEFT_OF_NOBODY = Prepared(balances_left().where(ListedCourse.client_id.is_(None)))
# Of several, the last one read is the newest.
_PROFILES = Prepared(
    select(SquareCustomer.client_id, SquareCustomer.country, SquareCustomer.address)
    .where(SquareCustomer.client_id.in_(CLIENT_IDS), *IS_LIVING_PROFILE)
    .order_by(SquareCustomer.square_customer_id)
)
_DELETE = delete(ListedBalance).where(ListedBalance.client_id.in_(CLIENT_IDS))
_INSERT = insert(ListedBalance)
