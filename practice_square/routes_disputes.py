"""The calls about disputes."""

from __future__ import annotations

from flask import Response

from practice_square import disputes
from practice_square.api import api, query_of, reading


@api.get("/disputes")
def list_disputes() -> Response:
    query = query_of()
    return reading(lambda work: disputes.list_disputes(work, query))


@api.get("/disputes/<dispute_id>")
def get_dispute(dispute_id: str) -> Response:
    return reading(lambda work: {"dispute": disputes.find_dispute(work, dispute_id)})


@api.post("/disputes/<dispute_id>/accept")
def accept_dispute(dispute_id: str) -> Response:
    return reading(lambda work: {"dispute": disputes.move_dispute(work, dispute_id, "ACCEPTED")})
