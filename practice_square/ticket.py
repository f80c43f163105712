"""The open ticket of one register session, in the form of the control interface's sale."""

from collections.abc import Mapping
from decimal import Decimal

from practice_square.catalog import variation_with_item
from practice_square.customers import current_id
from practice_square.figures import as_plain_amount, read_amount, read_reduction
from practice_square.merchant import currency
from practice_square.pricing import read_percentage
from practice_square.refusals import Refusal
from practice_square.sale_json import read_sale
from practice_square.storage import Json, Work
from practice_square.till import draft_sale

MOST_QUANTITY = 99


def read_ticket(work: Work, till: str) -> Json:
    return work.note(f"ticket:{till}") or {"lines": []}


def keep_ticket(work: Work, till: str, ticket: Json) -> None:
    work.keep_note(f"ticket:{till}", ticket)


def drop_ticket(work: Work, till: str) -> None:
    work.keep_note(f"ticket:{till}", None)


def add_variation(work: Work, till: str, variation_id: str) -> None:
    """Add one of an item to the ticket: to its line when that is plain, else to a new one."""
    variation_with_item(work, variation_id)
    ticket = read_ticket(work, till)
    for line in ticket["lines"]:
        if line.get("variation_id") == variation_id and not (line.get("discount") or line.get("modifiers")):
            line["quantity"] = _stepped(line["quantity"], 1)
            break
    else:
        ticket["lines"].append({"variation_id": variation_id, "quantity": "1"})
    keep_ticket(work, till, ticket)


def add_custom(work: Work, till: str, name: str, amount: int) -> None:
    ticket = read_ticket(work, till)
    ticket["lines"].append({"name": name or "Custom amount", "amount": amount, "quantity": "1"})
    keep_ticket(work, till, ticket)


def change_line(work: Work, till: str, place: int, asked: Mapping[str, str]) -> None:
    """Step a line's quantity, set its discount, add a modifier to it, or remove it."""
    ticket = read_ticket(work, till)
    if place >= len(ticket["lines"]):
        raise Refusal("NOT_FOUND", "This line is no longer on the ticket.", status=404)
    line = ticket["lines"][place]
    if asked.get("step"):
        line["quantity"] = _stepped(line["quantity"], 1 if asked["step"] == "more" else -1)
    if "line_discount" in asked:
        line["discount"] = _reduction(work, asked["line_discount"], "line_discount")
    if "modifier_amount" in asked:
        amount = read_amount(asked["modifier_amount"], "modifier_amount", currency(work))
        modifier = {"name": asked.get("modifier_name", "").strip() or "Modifier", "amount": amount}
        line["modifiers"] = [*line.get("modifiers", []), modifier]
    if asked.get("remove") or line["quantity"] == "0":
        del ticket["lines"][place]
    keep_ticket(work, till, ticket)


def set_adjustments(work: Work, till: str, asked: Mapping[str, str]) -> None:
    """Set the discount, the tax and the service charge of the whole ticket."""
    ticket = read_ticket(work, till)
    ticket["discount"] = _reduction(work, asked.get("discount", ""), "discount")
    rate = asked.get("tax_percent", "").strip().removesuffix("%").strip()
    if rate:
        read_percentage(rate, "tax_percent")
    ticket["tax_percent"] = rate or None
    ticket["tax_included"] = asked.get("tax_included") == "yes"
    ticket["service_charges"] = _service_charges(work, asked)
    keep_ticket(work, till, ticket)


def _service_charges(work: Work, asked: Mapping[str, str]) -> list[Json]:
    reduction = _reduction(work, asked.get("service_charge", ""), "service_charge")
    if reduction is None:
        return []
    ticks = {name: asked.get(f"service_charge_{name}") == "yes" for name in ("apportioned", "taxable")}
    return [reduction | ticks]


def ticket_as_shown(work: Work, till: str) -> Json:
    """Price the ticket for the screen. A line that can no longer be sold is dropped and named."""
    ticket = read_ticket(work, till)
    dropped = [line for line in ticket["lines"] if not _is_sellable(work, line)]
    if dropped:
        ticket["lines"] = [line for line in ticket["lines"] if line not in dropped]
        keep_ticket(work, till, ticket)
    customer = work.get("customer", current_id(work, ticket.get("customer_id") or ""))
    shown: Json = {"lines": [], "customer": customer, "dropped": len(dropped), "given": ticket}
    shown |= {"discount_text": discount_text(work, ticket.get("discount")), "order": None}
    shown["charge"] = next(iter(ticket.get("service_charges") or []), {})
    shown["charge_text"] = discount_text(work, shown["charge"])
    if not ticket["lines"]:
        return shown
    order = draft_sale(work, read_sale({"lines": ticket["lines"]} | _adjustments(ticket)))
    shown["order"] = order
    shown["lines"] = [
        line | {"discount_text": discount_text(work, given.get("discount"))}
        for line, given in zip(order["line_items"], ticket["lines"], strict=True)
    ]
    return shown


def ticket_as_sale(work: Work, till: str) -> Json:
    """Return the ticket as the body of a sale. Raises Refusal when nothing is on it."""
    ticket = read_ticket(work, till)
    if not ticket["lines"]:
        raise Refusal("BAD_REQUEST", "The ticket is empty: it was charged already, or cleared.")
    customer_id = ticket.get("customer_id")
    return {"lines": ticket["lines"], "customer_id": customer_id} | _adjustments(ticket)


def discount_text(work: Work, discount: Json | None) -> str:
    """Write a discount as it is typed: 10% or 25.00."""
    if not discount:
        return ""
    if discount.get("percent"):
        return f"{discount['percent']}%"
    return as_plain_amount({"amount": discount["amount"], "currency": currency(work)})


def _adjustments(ticket: Json) -> Json:
    return {name: ticket.get(name) for name in ("discount", "tax_percent", "tax_included", "service_charges")}


def _reduction(work: Work, text: str, field: str) -> Json | None:
    reduction = read_reduction(text, field, currency(work))
    if reduction is None:
        return None
    if reduction.percent is not None:
        read_percentage(reduction.percent, field)
        return {"percent": reduction.percent}
    if not reduction.amount:
        return None
    return {"amount": reduction.amount}


def _stepped(quantity: str, step: int) -> str:
    return str(min(MOST_QUANTITY, max(0, int(Decimal(quantity)) + step)))


def _is_sellable(work: Work, line: Json) -> bool:
    if "variation_id" not in line:
        return True
    variation = work.get("catalog", line["variation_id"])
    return variation is not None and not variation["is_deleted"]
