"""The page of one client: profile, custom attributes, deletion and merges."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from practice_square.customers import delete_customer, find_merged, name_of, read_customer
from practice_square.directory.attributes import attributes_on_profile
from practice_square.directory.recovery import recover_customer, unmerge_customer
from practice_square.practice import practice_square_of
from practice_square.ticket import keep_ticket, read_ticket


def add_to(register: Blueprint) -> None:
    register.get("/clients/<customer_id>")(client)
    register.post("/clients/<customer_id>/delete")(delete_client)
    register.post("/clients/<customer_id>/recover")(recover_client)
    register.post("/clients/<customer_id>/unmerge")(unmerge_client)
    register.post("/clients/<customer_id>/sell")(sell_to_client)


def client(customer_id: str) -> str:
    with practice_square_of().work() as work:
        customer = read_customer(work, customer_id)
        attributes = attributes_on_profile(work, customer["id"])
        merged = [work.get("customer_removed", id_) for id_ in find_merged(work, customer["id"])]
    is_asked = bool(request.args.get("delete"))
    return render_template(
        "client.html", customer=customer, attributes=attributes, merged=merged, is_asked=is_asked
    )


def sell_to_client(customer_id: str) -> Response:
    """Add the client to the ticket."""
    with practice_square_of().work() as work:
        customer = read_customer(work, customer_id)
        ticket = read_ticket(work, session["till"])
        keep_ticket(work, session["till"], ticket | {"customer_id": customer["id"]})
    return redirect(url_for(".sell", _anchor="ticket"))


def delete_client(customer_id: str) -> Response:
    with practice_square_of().work() as work:
        name = name_of(read_customer(work, customer_id))
        delete_customer(work, customer_id)
    flash(f"{name} deleted. The profile can be brought back from “Deleted clients” here.", "done")
    return redirect(url_for(".clients"))


def recover_client(customer_id: str) -> Response:
    with practice_square_of().work() as work:
        customer = recover_customer(work, customer_id)
    flash(f"{name_of(customer)} is back.", "done")
    return redirect(url_for(".client", customer_id=customer["id"]))


def unmerge_client(customer_id: str) -> Response:
    with practice_square_of().work() as work:
        recovered = unmerge_customer(work, customer_id)
    flash(f"{len(recovered)} profiles are back, under their old ids.", "done")
    return redirect(url_for(".clients"))
