"""The shape of orders in requests, as Square's schema has it, and the rules that tie their parts together."""

from practice_square.priced import APPORTIONED
from practice_square.pricing import read_percentage, read_quantity
from practice_square.refusals import bad_request, invalid, missing, not_found, not_played
from practice_square.shapes import PRICE, TIME_RANGE, Flag, Many, Record, Text, TextMap, Whole
from practice_square.storage import Json

UID = Text(most=60)
SCOPES = ("LINE_ITEM", "ORDER", "OTHER_DISCOUNT_SCOPE", "OTHER_TAX_SCOPE")
FULFILLMENT_STATES = ("PROPOSED", "RESERVED", "PREPARED", "COMPLETED", "CANCELED", "FAILED")
BESIDE_PHASES = ("SUBTOTAL_PHASE", "TOTAL_PHASE")
APPORTIONED_PHASES = ("APPORTIONED_PERCENTAGE_PHASE", "APPORTIONED_AMOUNT_PHASE")
APPLIED_TAX = Record(uid=UID, tax_uid=Text(1, 60, required=True))
LINE = Record(
    uid=UID,
    name=Text(most=512),
    quantity=Text(1, 12, required=True),
    quantity_unit=Record(),
    note=Text(most=2000),
    catalog_object_id=Text(most=192),
    catalog_version=Whole(),
    variation_name=Text(most=400),
    item_type=Text(one_of=("ITEM", "CUSTOM_AMOUNT", "GIFT_CARD")),
    metadata=TextMap(),
    base_price_money=PRICE,
    applied_discounts=Many(Record(uid=UID, discount_uid=Text(1, 60, required=True))),
    applied_taxes=Many(APPLIED_TAX),
    applied_service_charges=Many(Record(uid=UID, service_charge_uid=Text(1, 60, required=True))),
    modifiers=Many(
        Record(
            uid=UID,
            name=Text(most=255),
            catalog_object_id=Text(most=192),
            quantity=Text(),
            base_price_money=PRICE,
            metadata=TextMap(),
        )
    ),
)
SERVICE_CHARGE = Record(
    uid=UID,
    name=Text(most=512),
    catalog_object_id=Text(most=192),
    percentage=Text(most=10),
    amount_money=PRICE,
    calculation_phase=Text(one_of=(*BESIDE_PHASES, *APPORTIONED_PHASES)),
    taxable=Flag(),
    applied_taxes=Many(APPLIED_TAX),
    metadata=TextMap(),
    type=Text(one_of=("AUTO_GRATUITY", "CUSTOM")),
    treatment_type=Text(one_of=("LINE_ITEM_TREATMENT", APPORTIONED)),
    scope=Text(one_of=("OTHER_SERVICE_CHARGE_SCOPE", "LINE_ITEM", "ORDER")),
)
DISCOUNT = Record(
    uid=UID,
    name=Text(most=255),
    catalog_object_id=Text(most=192),
    type=Text(one_of=("FIXED_PERCENTAGE", "FIXED_AMOUNT", "VARIABLE_PERCENTAGE", "VARIABLE_AMOUNT")),
    percentage=Text(most=10),
    amount_money=PRICE,
    scope=Text(one_of=SCOPES),
)
TAX = Record(
    uid=UID,
    name=Text(most=255),
    catalog_object_id=Text(most=192),
    type=Text(one_of=("ADDITIVE", "INCLUSIVE")),
    percentage=Text(most=10),
    scope=Text(one_of=SCOPES),
)
ORDER = Record(
    required=True,
    location_id=Text(1, required=True),
    reference_id=Text(most=40),
    customer_id=Text(most=191),
    ticket_name=Text(most=30),
    source=Record(name=Text()),
    line_items=Many(LINE, most=500),
    discounts=Many(DISCOUNT),
    taxes=Many(TAX),
    service_charges=Many(SERVICE_CHARGE),
    metadata=TextMap(),
    fulfillments=Many(Record(uid=UID, state=Text(one_of=FULFILLMENT_STATES))),
    state=Text(one_of=("OPEN", "COMPLETED", "CANCELED", "DRAFT")),
    version=Whole(),
    pricing_options=Record(auto_apply_discounts=Flag(), auto_apply_taxes=Flag()),
)
CREATE = Record(order=ORDER, idempotency_key=Text(most=192))
CALCULATE = Record(order=ORDER)
UPDATE = Record(
    order=Record(required=True, **{**ORDER.fields, "version": Whole(required=True)}),
    fields_to_clear=Many(Text()),
    idempotency_key=Text(most=192),
)
PAY = Record(
    idempotency_key=Text(1, 192, required=True),
    order_version=Whole(),
    payment_ids=Many(Text()),
)
RETRIEVE = Record(location_id=Text(), order_ids=Many(Text(), least=1, most=100, required=True))
SEARCH = Record(
    location_ids=Many(Text(), most=10),
    cursor=Text(),
    limit=Whole(1, 1000),
    return_entries=Flag(),
    query=Record(
        filter=Record(
            state_filter=Record(
                states=Many(Text(one_of=("OPEN", "COMPLETED", "CANCELED", "DRAFT")), required=True),
            ),
            date_time_filter=Record(created_at=TIME_RANGE, updated_at=TIME_RANGE, closed_at=TIME_RANGE),
            customer_filter=Record(customer_ids=Many(Text(), most=10)),
            source_filter=Record(source_names=Many(Text(), most=10)),
        ),
        sort=Record(
            sort_field=Text(one_of=("CREATED_AT", "UPDATED_AT", "CLOSED_AT"), required=True),
            sort_order=Text(one_of=("ASC", "DESC")),
        ),
    ),
)
NOT_PLAYED = ("fulfillments", "rewards")


def check_parts(order: Json) -> None:
    """Refuse what the schema cannot express: quantities, percentages, references between the parts."""
    for name in NOT_PLAYED:
        if order.get(name):
            raise not_played(f"`{name}` is", f"order.{name}")
    for place, line in enumerate(order.get("line_items") or []):
        _check_line(order, line, f"order.line_items[{place}]")
    for place, discount in enumerate(order.get("discounts") or []):
        _check_either(discount, "discount", f"order.discounts[{place}]")
    for place, charge in enumerate(order.get("service_charges") or []):
        _check_charge(charge, f"order.service_charges[{place}]")
    for place, tax in enumerate(order.get("taxes") or []):
        read_percentage(tax.get("percentage") or "", f"order.taxes[{place}].percentage")


def _check_line(order: Json, line: Json, where: str) -> None:
    read_quantity(line["quantity"], has_unit=bool(line.get("quantity_unit")), field_name=f"{where}.quantity")
    for place, modifier in enumerate(line.get("modifiers") or []):
        field = f"{where}.modifiers[{place}]"
        read_quantity(modifier.get("quantity") or "1", has_unit=False, field_name=f"{field}.quantity")
        if modifier.get("catalog_object_id"):
            raise not_found("Modifier", modifier["catalog_object_id"], f"{field}.catalog_object_id")
        if not modifier.get("base_price_money"):
            raise missing(f"{field}.base_price_money", "A modifier without a catalog object needs a price.")
    for kind, plural in (("discount", "discounts"), ("tax", "taxes"), ("service_charge", "service_charges")):
        known = {one.get("uid") for one in order.get(plural) or []}
        for place, applied in enumerate(line.get(f"applied_{plural}") or []):
            if applied[f"{kind}_uid"] not in known:
                field = f"{where}.applied_{plural}[{place}].{kind}_uid"
                raise invalid(f"There is no {kind} `{applied[f'{kind}_uid']}`.", field)


def _check_charge(charge: Json, where: str) -> None:
    _check_either(charge, "service charge", where)
    phase = charge.get("calculation_phase")
    is_apportioned = charge.get("treatment_type") == APPORTIONED
    if phase and (phase in APPORTIONED_PHASES) != is_apportioned:
        raise bad_request("The phase is not one of this treatment.", f"{where}.calculation_phase")
    if phase == "TOTAL_PHASE" and charge.get("taxable"):
        raise bad_request("A charge on the total cannot be taxable.", f"{where}.taxable")


def _check_either(one: Json, what: str, where: str) -> None:
    has_amount, has_percentage = bool(one.get("amount_money")), bool(one.get("percentage"))
    if has_amount == has_percentage:
        raise bad_request(f"A {what} has either `percentage` or `amount_money`.", where)
    if has_percentage:
        read_percentage(one["percentage"], f"{where}.percentage")
