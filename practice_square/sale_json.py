"""A sale as JSON: the body of the control interface and the content of the register's ticket."""

from dataclasses import fields

from practice_square.faults import CARD_SURCHARGES
from practice_square.pricing import read_quantity
from practice_square.sale import Charge, Modifier, Part, Reduction, Sale, SaleLine
from practice_square.shapes import Flag, Many, Record, Text, Whole, checked, moment
from practice_square.storage import Json

REDUCTION = Record(percent=Text(1, 10), amount=Whole(least=1))
MODIFIER = Record(
    name=Text(1, 255, required=True), amount=Whole(least=0, required=True), quantity=Text(1, 12)
)
CHARGE = Record(
    name=Text(1, 512),
    percent=Text(1, 10),
    amount=Whole(least=1),
    apportioned=Flag(),
    taxable=Flag(),
)
SALE = Record(
    lines=Many(
        Record(
            variation_id=Text(1),
            name=Text(1, 512),
            amount=Whole(least=0),
            quantity=Text(1, 12),
            note=Text(most=2000),
            discount=REDUCTION,
            tax_percent=Text(1, 10),
            modifiers=Many(MODIFIER),
        ),
        least=1,
        required=True,
    ),
    discount=REDUCTION,
    tax_percent=Text(1, 10),
    tax_included=Flag(),
    service_charges=Many(CHARGE),
    card_surcharge=Text(one_of=CARD_SURCHARGES),
    customer_id=Text(),
    customer_on=Text(),
    tenders=Many(Record(type=Text(), amount=Whole(least=0), tip=Whole(least=0), supplied=Whole())),
    created_at=Text(),
    delivered=Flag(),
)


def read_sale(body: Json) -> Sale:
    """Read a sale from its JSON. Raises Refusal naming what is wrong."""
    checked(body, SALE)
    tenders = body.get("tenders")
    parts = (Part(),) if tenders is None else tuple(_part(one) for one in tenders)
    named = {
        name: body[name]
        for name in ("tax_percent", "tax_included", "customer_id", "customer_on", "card_surcharge")
        if body.get(name) is not None
    }
    return Sale(
        lines=tuple(_line(line) for line in body["lines"]),
        discount=_reduction(body.get("discount")),
        parts=parts,
        created_at=moment(body.get("created_at"), "created_at"),
        is_withheld=body.get("delivered") is False,
        charges=tuple(_charge(one) for one in body.get("service_charges") or []),
        **named,
    )


def _line(given: Json) -> SaleLine:
    known = {one.name for one in fields(SaleLine)} - {"discount", "modifiers"}
    named = {name: value for name, value in given.items() if name in known and value is not None}
    modifiers = tuple(_modifier(one) for one in given.get("modifiers") or [])
    return SaleLine(discount=_reduction(given.get("discount")), modifiers=modifiers, **named)


def _modifier(given: Json) -> Modifier:
    quantity = given.get("quantity") or "1"
    read_quantity(quantity, has_unit=False, field_name="lines.modifiers.quantity")
    return Modifier(given["name"], given["amount"], quantity)


def _charge(given: Json) -> Charge:
    return Charge(
        name=given.get("name") or "Service charge",
        percent=given.get("percent"),
        amount=given.get("amount"),
        is_apportioned=bool(given.get("apportioned")),
        is_taxable=bool(given.get("taxable")),
    )


def _part(given: Json) -> Part:
    kind = str(given.get("type") or "card").lower()
    return Part(kind, given.get("amount"), given.get("tip") or 0, given.get("supplied"))


def _reduction(given: Json | None) -> Reduction | None:
    return Reduction(given.get("percent"), given.get("amount")) if given else None
