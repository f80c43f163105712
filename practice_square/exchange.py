"""An exchange at the register: one order returns lines of another and sells new ones; only the difference is paid.

Square shows it as one order with `line_items` and `returns` (docs/square.md, 3). A refund of the difference
names this order, as any return order.
"""

from collections.abc import Mapping
from dataclasses import replace

from practice_square.merchant import currency, money
from practice_square.priced import amounts
from practice_square.refunds import refund_return, settle_refunds
from practice_square.refusals import bad_request
from practice_square.returns import returned_line
from practice_square.sale import Part, Sale
from practice_square.storage import Json, Work
from practice_square.till import close_sale, draft_sale


def exchange(work: Work, source: Json, quantities: Mapping[str, str], sale: Sale) -> Json:
    """Return the lines and sell the new ones. Returns {"order", "payments", "refunds"}."""
    back = [returned_line(work, source, uid, text) for uid, text in quantities.items()]
    if not back:
        raise bad_request("Choose at least one line to take back.", "returned")
    returned = sum(line["total_money"]["amount"] for line in back)
    order = draft_sale(work, sale)
    to_pay = order["total_money"]["amount"] - returned
    told = _returns(work, source["id"], back, order, returned)
    parts = (replace(sale.parts[0], amount=max(to_pay, 0)),) if sale.parts else (Part(),)
    sold = close_sale(work, replace(sale, parts=parts), order, due=max(to_pay, 0))
    # Closing prices the order by its lines alone; the returns are added afterwards.
    sold["order"] = work.put("order", sold["order"] | told | {"net_amount_due_money": money(work, 0)})
    refunds: list[Json] = []
    if to_pay < 0:
        refunds = refund_return(work, source, sold["order"], -to_pay, "Exchange")
        settle_refunds(work, refunds)
    return sold | {"order": work.get("order", sold["order"]["id"]), "refunds": refunds}


def _returns(work: Work, source_id: str, lines: list[Json], order: Json, returned: int) -> Json:
    unit = currency(work)
    back = {
        "total": returned,
        "tax": sum(line["total_tax_money"]["amount"] for line in lines),
        "discount": sum(line["total_discount_money"]["amount"] for line in lines),
    }
    net = {
        name: order[f"total_{name}_money"]["amount"] - amount
        for name, amount in back.items()
        if name != "total"
    }
    told = amounts(back["total"], back["tax"], back["discount"], 0, unit)
    due = order["total_money"]["amount"] - returned
    return {
        "returns": [
            {
                "uid": work.make_id(),
                "source_order_id": source_id,
                "return_line_items": lines,
                "return_amounts": told,
            }
        ],
        "return_amounts": told,
        "net_amounts": amounts(due, net["tax"], net["discount"], 0, unit),
    }
