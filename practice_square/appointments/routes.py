"""The calls about bookings and the team."""

from __future__ import annotations

from flask import Response

from practice_square.access.guard import is_seller_level
from practice_square.api import api, body_of, query_of, reading, writing
from practice_square.appointments import booking_search, bookings, team
from practice_square.refusals import Refusal
from practice_square.shapes import Many, Record, Text, checked
from practice_square.storage import Json, Work

READ_ALL, WRITE_ALL = "APPOINTMENTS_ALL_READ", "APPOINTMENTS_ALL_WRITE"
BULK = Record({"booking_ids": Many(Text(1), least=1, required=True)})


@api.get("/bookings")
def list_bookings() -> Response:
    query, is_seller = query_of(), is_seller_level(READ_ALL)
    return reading(lambda work: booking_search.list_bookings(work, query, is_seller=is_seller))


@api.post("/bookings")
def create_booking() -> Response:
    return writing(bookings.create_booking)


@api.post("/bookings/bulk-retrieve")
def retrieve_bookings() -> Response:
    ids = checked(body_of(), BULK)["booking_ids"]
    return reading(lambda work: {"bookings": {id_: _one_of_many(work, id_) for id_ in ids}})


@api.get("/bookings/business-booking-profile")
def get_business_booking_profile() -> Response:
    return reading(team.business_profile)


@api.get("/bookings/team-member-booking-profiles")
def list_team_member_booking_profiles() -> Response:
    query = query_of()
    return reading(lambda work: team.list_booking_profiles(work, query))


@api.get("/bookings/<booking_id>")
def get_booking(booking_id: str) -> Response:
    return reading(lambda work: {"booking": bookings.find_booking(work, booking_id)})


@api.put("/bookings/<booking_id>")
def update_booking(booking_id: str) -> Response:
    return writing(lambda work, body: bookings.update_booking(work, booking_id, body))


@api.post("/bookings/<booking_id>/cancel")
def cancel_booking(booking_id: str) -> Response:
    is_seller = is_seller_level(WRITE_ALL)
    return writing(lambda work, body: bookings.cancel_booking(work, booking_id, body, is_seller=is_seller))


@api.post("/team-members/search")
def search_team_members() -> Response:
    body = body_of()
    return reading(lambda work: team.search_team(work, body))


@api.get("/team-members/<team_member_id>")
def get_team_member(team_member_id: str) -> Response:
    return reading(lambda work: {"team_member": team.read_team_member(work, team_member_id)})


def _one_of_many(work: Work, id_: str) -> Json:
    try:
        return {"booking": bookings.find_booking(work, id_)}
    except Refusal as refused:
        return refused.body()
