"""The shapes of requests about terminal checkouts, as Square's schema has them."""

from practice_square.shapes import PRICE, TIME_RANGE, Flag, Many, Record, Text, Whole

STATUSES = ("PENDING", "IN_PROGRESS", "CANCEL_REQUESTED", "CANCELED", "COMPLETED")
PAYMENT_TYPES = (
    "CARD_PRESENT",
    "MANUAL_CARD_ENTRY",
    "FELICA_ID",
    "FELICA_QUICPAY",
    "FELICA_TRANSPORTATION_GROUP",
    "FELICA_ALL",
    "PAYPAY",
    "QR_CODE",
)
TIP_SETTINGS = Record(
    allow_tipping=Flag(),
    separate_tip_screen=Flag(),
    custom_tip_field=Flag(),
    tip_percentages=Many(Whole(0, 100), most=3),
    smart_tipping=Flag(),
)
CHECKOUT = Record(
    required=True,
    amount_money=Record(required=True, **PRICE.fields),
    device_options=Record(
        required=True,
        device_id=Text(1, required=True),
        skip_receipt_screen=Flag(),
        collect_signature=Flag(),
        tip_settings=TIP_SETTINGS,
        show_itemized_cart=Flag(),
    ),
    reference_id=Text(most=40),
    note=Text(most=500),
    order_id=Text(),
    customer_id=Text(),
    team_member_id=Text(),
    payment_type=Text(one_of=PAYMENT_TYPES),
    payment_options=Record(autocomplete=Flag(), delay_duration=Text()),
    deadline_duration=Text(),
    statement_description_identifier=Text(most=20),
    tip_money=PRICE,
)
CREATE = Record(idempotency_key=Text(1, 64, required=True), checkout=CHECKOUT)
SEARCH = Record(
    cursor=Text(),
    limit=Whole(1, 100),
    query=Record(
        filter=Record(device_id=Text(), status=Text(one_of=STATUSES), created_at=TIME_RANGE),
        sort=Record(sort_order=Text(one_of=("ASC", "DESC"))),
    ),
)
