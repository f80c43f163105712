"""The people who give treatments: team members as in Square's Team calls, and who can be booked."""

from practice_square.appointments.plan import PLUS, plan_of
from practice_square.cursors import page_of
from practice_square.listings import read_limit
from practice_square.merchant import location_id, require_location
from practice_square.refusals import find, invalid
from practice_square.shapes import Flag, Many, Record, Text, Whole, checked
from practice_square.storage import Json, Work

STATUSES = ("ACTIVE", "INACTIVE")
SEARCH = Record(
    query=Record(
        filter=Record(location_ids=Many(Text()), status=Text(one_of=STATUSES), is_owner=Flag()),
    ),
    limit=Whole(1, 200),
    cursor=Text(),
)


def add_team_member(work: Work, given_name: str, family_name: str, *, is_owner: bool = False) -> Json:
    """Add a team member, active and bookable."""
    member = {
        "id": "TM" + work.make_id()[:14],
        "is_owner": is_owner,
        "status": "ACTIVE",
        "given_name": given_name,
        "family_name": family_name,
        **work.stamps(),
        "assigned_locations": {"assignment_type": "EXPLICIT_LOCATIONS", "location_ids": [location_id(work)]},
    }
    return work.put("team_member", member)


def search_team(work: Work, body: Json) -> Json:
    checked(body, SEARCH)
    asked = (body.get("query") or {}).get("filter") or {}
    page = page_of(work, "team_member", body, body.get("limit") or 100, fits=lambda one: _fits(one, asked))
    return page.as_body("team_members")


def read_team_member(work: Work, id_: str) -> Json:
    return find(work, "team_member", id_, "Team member", "team_member_id")


def require_bookable(work: Work, id_: str, field: str) -> None:
    """Raise Refusal for an unknown team member, or one who can't be booked."""
    member = work.get("team_member", id_)
    if member is None or member["status"] != "ACTIVE":
        raise invalid(f"Team member `{id_}` cannot be booked.", field)


def list_booking_profiles(work: Work, query: Json) -> Json:
    """List who can be booked, with the name a booking page shows."""
    require_location(work, query.get("location_id"))
    is_bookable_only = query.get("bookable_only") == "true"
    page = page_of(
        work,
        "team_member",
        query,
        read_limit(query.get("limit"), 100),
        fits=lambda one: one["status"] == "ACTIVE" or not is_bookable_only,
        told=_profile,
    )
    return page.as_body("team_member_booking_profiles")


def business_profile(work: Work) -> Json:
    """Return how the seller takes bookings: open, accepted at once, with seller-level writes on a paid plan."""
    merchant_id = str(work.note("merchant_id"))
    merchant = work.get("merchant", merchant_id) or {}
    return {
        "business_booking_profile": {
            "seller_id": merchant_id,
            "created_at": merchant.get("created_at", work.now()),
            "booking_enabled": True,
            "booking_policy": "ACCEPT_ALL",
            "allow_user_cancel": True,
            "support_seller_level_writes": plan_of(work) == PLUS,
        }
    }


def team_name(member: Json) -> str:
    return f"{member.get('given_name') or ''} {member.get('family_name') or ''}".strip()


def _profile(member: Json) -> Json:
    return {
        "team_member_id": member["id"],
        "display_name": team_name(member),
        "is_bookable": member["status"] == "ACTIVE",
    }


def _fits(member: Json, asked: Json) -> bool:
    if asked.get("status") not in (None, member["status"]):
        return False
    if asked.get("is_owner") and not member["is_owner"]:
        return False
    places = asked.get("location_ids")
    return not places or any(place in places for place in member["assigned_locations"]["location_ids"])
