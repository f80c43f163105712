"""Validation of a catalog object before it is written, per type, by Square's schema."""

from practice_square.refusals import Refusal, missing
from practice_square.shapes import PRICE, Flag, Many, Record, Shape, Text, Whole, checked
from practice_square.storage import Json

TYPES = (
    "ITEM",
    "ITEM_VARIATION",
    "CATEGORY",
    "TAX",
    "DISCOUNT",
    "CUSTOM_ATTRIBUTE_DEFINITION",
)
IDS = Many(Text())
DATA: dict[str, tuple[str, Record]] = {
    "ITEM": (
        "item_data",
        Record(
            required=True,
            name=Text(1, 512, required=True),
            description=Text(most=4096),
            description_html=Text(most=65535),
            abbreviation=Text(most=24),
            product_type=Text(
                one_of=("REGULAR", "APPOINTMENTS_SERVICE", "GIFT_CARD", "FOOD_AND_BEV", "EVENT")
            ),
            is_taxable=Flag(),
            is_archived=Flag(),
            tax_ids=IDS,
            category_id=Text(),
            variations=Many(Record()),
        ),
    ),
    "ITEM_VARIATION": (
        "item_variation_data",
        Record(
            required=True,
            item_id=Text(1, required=True),
            name=Text(most=255),
            sku=Text(),
            ordinal=Whole(),
            pricing_type=Text(one_of=("FIXED_PRICING", "VARIABLE_PRICING"), required=True),
            price_money=PRICE,
            user_data=Text(most=255),
            service_duration=Whole(least=0),
            available_for_booking=Flag(),
            track_inventory=Flag(),
            sellable=Flag(),
            stockable=Flag(),
        ),
    ),
    "CATEGORY": ("category_data", Record(required=True, name=Text(1, 255, required=True))),
    "TAX": (
        "tax_data",
        Record(
            required=True,
            name=Text(1, 255, required=True),
            percentage=Text(),
            inclusion_type=Text(one_of=("ADDITIVE", "INCLUSIVE")),
            enabled=Flag(),
        ),
    ),
    "DISCOUNT": (
        "discount_data",
        Record(required=True, name=Text(1, 255, required=True), percentage=Text(), amount_money=PRICE),
    ),
    "CUSTOM_ATTRIBUTE_DEFINITION": (
        "custom_attribute_definition_data",
        Record(
            required=True,
            name=Text(1, 255, required=True),
            type=Text(one_of=("STRING", "BOOLEAN", "NUMBER", "SELECTION"), required=True),
            allowed_object_types=Many(Text(), least=1, required=True),
            description=Text(most=255),
            key=Text(1, 60),
        ),
    ),
}
COMMON: dict[str, Shape] = {
    "type": Text(1, required=True),
    "id": Text(1, required=True),
    "version": Whole(),
    "present_at_all_locations": Flag(),
    "present_at_location_ids": IDS,
    "absent_at_location_ids": IDS,
    "custom_attribute_values": Record(),
}
OBJECT = Record(required=True, **COMMON)
UPSERT = Record(idempotency_key=Text(1, 128, required=True), object=OBJECT)
BATCH_UPSERT = Record(
    idempotency_key=Text(1, 128, required=True),
    batches=Many(Record(objects=Many(Record(), least=1, required=True)), least=1, required=True),
)


def check_object(one: Json, where: str) -> None:
    """Refuse an object that its type's schema would refuse, naming the field."""
    checked({"object": one}, Record(object=Record(required=True, **COMMON)))
    if one["type"] not in TYPES:
        raise Refusal(
            "INVALID_ENUM_VALUE", f"`{one['type']}` objects cannot be written here.", field=f"{where}.type"
        )
    data_name, shape = DATA[one["type"]]
    try:
        checked(one, Record(required=False, **{data_name: shape}))
    except Refusal as refused:
        refused.field = f"{where}.{refused.field}"
        raise
    if one["type"] == "ITEM_VARIATION":
        _check_price(one["item_variation_data"], where)


def _check_price(data: Json, where: str) -> None:
    has_price = (data.get("price_money") or {}).get("amount") is not None
    if data["pricing_type"] == "FIXED_PRICING" and not has_price:
        raise missing(
            f"{where}.item_variation_data.price_money", "A variation with FIXED_PRICING needs `price_money`."
        )
