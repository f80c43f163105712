"""The receipts: the latest sales, one sale in full, and its refunds by lines or by amount."""

from decimal import Decimal

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from practice_square.customers import current_id
from practice_square.figures import as_money, read_amount
from practice_square.merchant import currency, money
from practice_square.orders import find_order
from practice_square.practice import practice_square_of
from practice_square.refunds import refund_lines, refund_over_tenders, refundable
from practice_square.returns import returned_so_far, tip_left
from practice_square.storage import Json, Work

MOST_SHOWN = 60


def add_to(register: Blueprint) -> None:
    register.get("/receipts")(receipts)
    register.get("/receipts/<order_id>")(receipt)
    register.post("/receipts/<order_id>/refund-lines")(refund_chosen_lines)
    register.post("/receipts/<order_id>/refund-amount")(refund_chosen_amount)


def receipts() -> str:
    with practice_square_of().work() as work:
        shown = []
        for _, order in work.walk("order", newest_first=True):
            if not _is_receipt(order):
                continue
            shown.append(order | {"customer": _customer_of(work, order)})
            if len(shown) == MOST_SHOWN:
                break
    return render_template("receipts.html", orders=shown)


def receipt(order_id: str) -> str:
    with practice_square_of().work() as work:
        order = find_order(work, order_id)
        payments = _payments_of(work, order)
        returned = returned_so_far(work, order_id)
        lines = [_line_as_shown(line, returned) for line in order.get("line_items", [])]
        left = money(work, sum(refundable(payment) for payment in payments))
        customer = _customer_of(work, order)
        refunds = [one for one in work.all("refund") if one["payment_id"] in {pay["id"] for pay in payments}]
    return render_template(
        "receipt.html",
        order=order,
        payments=payments,
        lines=lines,
        left=left,
        customer=customer,
        refunds=refunds,
        is_new=bool(request.args.get("new")),
    )


def refund_chosen_lines(order_id: str) -> Response:
    with practice_square_of().work() as work:
        order, tip = find_order(work, order_id), 0
        if request.form.get("everything"):
            quantities = _all_that_is_left(order, returned_so_far(work, order_id))
            tip = tip_left(work, order)
        else:
            prefix = "quantity-"
            chosen = {
                name.removeprefix(prefix): value.strip()
                for name, value in request.form.items()
                if prefix in name
            }
            quantities = {uid: text for uid, text in chosen.items() if text and text != "0"}
        refunds = refund_lines(work, order, quantities, request.form.get("reason") or None, tip=tip)
        total = money(work, sum(one["amount_money"]["amount"] for one in refunds))
    flash(f"{as_money(total)} refunded.", "done")
    return redirect(url_for(".receipt", order_id=order_id))


def refund_chosen_amount(order_id: str) -> Response:
    with practice_square_of().work() as work:
        amount = read_amount(request.form.get("amount", ""), "amount", currency(work))
        refund_over_tenders(work, find_order(work, order_id), amount, request.form.get("reason") or None)
        told = as_money(money(work, amount))
    flash(f"{told} refunded, without naming a line.", "done")
    return redirect(url_for(".receipt", order_id=order_id))


def _is_receipt(order: Json) -> bool:
    """Return whether an order is a sale or a refund, not an order on which nothing is paid yet."""
    return bool(order.get("tenders") or order.get("returns") or order["state"] == "COMPLETED")


def _payments_of(work: Work, order: Json) -> list[Json]:
    found = [work.get("payment", tender["id"]) for tender in order.get("tenders", [])]
    return [payment for payment in found if payment is not None]


def _customer_of(work: Work, order: Json) -> Json | None:
    ids = [payment.get("customer_id") for payment in _payments_of(work, order)]
    ids += [order.get("customer_id"), *(tender.get("customer_id") for tender in order.get("tenders", []))]
    known = next((id_ for id_ in ids if id_), None)
    return work.get("customer", current_id(work, known)) if known else None


def _line_as_shown(line: Json, returned: dict[str, Decimal]) -> Json:
    back = returned.get(line["uid"], Decimal(0))
    return line | {"returned": str(back) if back else "", "left": str(Decimal(line["quantity"]) - back)}


def _all_that_is_left(order: Json, returned: dict[str, Decimal]) -> dict[str, str]:
    left = {
        line["uid"]: Decimal(line["quantity"]) - returned.get(line["uid"], Decimal(0))
        for line in order.get("line_items", [])
    }
    return {uid: str(quantity) for uid, quantity in left.items() if quantity > 0}
