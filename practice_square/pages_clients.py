"""The register's client directory: find, add, merge."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from practice_square.customer_search import find_by_words
from practice_square.customers import create_customer, find_deleted, merge_customers, name_of
from practice_square.practice import practice_square_of
from practice_square.refusals import Refusal
from practice_square.ticket import keep_ticket, read_ticket

MOST_SHOWN = 200


def add_to(register: Blueprint) -> None:
    register.get("/clients")(clients)
    register.post("/clients")(add_client)
    register.post("/clients/merge")(merge_clients)


def clients() -> str:
    words = request.args.get("q", "")
    with practice_square_of().work() as work:
        found = find_by_words(work, words)
        gone = find_deleted(work)
    return render_template("clients.html", clients=found[:MOST_SHOWN], gone=gone, q=words, many=len(found))


def add_client() -> Response:
    """Add a profile; from the picker it is added to the ticket at once."""
    names = ("given_name", "family_name", "email_address", "phone_number")
    profile = {name: request.form.get(name, "").strip() for name in names}
    with practice_square_of().work() as work:
        given = {name: value for name, value in profile.items() if value}
        customer = create_customer(work, given, "DIRECTORY")["customer"]
        if request.form.get("onto_ticket"):
            ticket = read_ticket(work, session["till"])
            keep_ticket(work, session["till"], ticket | {"customer_id": customer["id"]})
    flash(f"{name_of(customer)} added.", "done")
    return redirect(url_for(".sell" if request.form.get("onto_ticket") else ".clients"))


def merge_clients() -> Response:
    ids = request.form.getlist("customer_id")
    if len(ids) < 2:
        raise Refusal("INVALID_VALUE", "Tick at least two clients to merge them.")
    with practice_square_of().work() as work:
        merged = merge_customers(work, ids)["customer"]
    flash(f"Merged {len(ids)} profiles into {name_of(merged)}, under a new id.", "done")
    return redirect(url_for(".clients"))
