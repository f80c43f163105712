"""The opening acts that tests share: played again in another database, they make other rows."""

from plugin.store import Store
from tests.clock import HandMovedClock
from tests.courses.desk import Desk


def test_two_clinics_of_one_test_share_no_id(
    lite_store: Store, other_store: Store, clock: HandMovedClock
) -> None:
    one, two = Desk(lite_store, clock), Desk(other_store, clock)
    mine, theirs = one.course(one.sell()), two.course(two.sell())
    assert mine.package_name == theirs.package_name
    ids = [
        {
            course.id,
            course.client_id,
            *(part.id for part in course.parts),
            *(each.id for each in course.entries),
        }
        for course in (mine, theirs)
    ]
    assert not ids[0] & ids[1]
