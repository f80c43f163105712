"""The shapes of requests about payment links, as Square's schema has them."""

from practice_square.order_shapes import ORDER
from practice_square.shapes import PRICE, Flag, Many, Record, Text, Whole

CHECKOUT_OPTIONS = Record(
    allow_tipping=Flag(),
    custom_fields=Many(Record(title=Text(1, 50, required=True)), most=2),
    subscription_plan_id=Text(most=255),
    redirect_url=Text(most=2048),
    merchant_support_email=Text(most=256),
    ask_for_shipping_address=Flag(),
    accepted_payment_methods=Record(
        apple_pay=Flag(),
        google_pay=Flag(),
        cash_app_pay=Flag(),
        afterpay_clearpay=Flag(),
    ),
    enable_coupon=Flag(),
    enable_loyalty=Flag(),
)
PRE_POPULATED = Record(buyer_email=Text(most=256), buyer_phone_number=Text(most=17), buyer_address=Record())
CREATE = Record(
    idempotency_key=Text(most=192),
    description=Text(most=4096),
    payment_note=Text(most=500),
    quick_pay=Record(
        name=Text(1, 255, required=True),
        price_money=Record(required=True, **PRICE.fields),
        location_id=Text(1, required=True),
    ),
    order=Record(required=False, **ORDER.fields),
    checkout_options=CHECKOUT_OPTIONS,
    pre_populated_data=PRE_POPULATED,
)
UPDATE = Record(
    payment_link=Record(
        required=True,
        version=Whole(0, 65535, required=True),
        description=Text(most=4096),
        payment_note=Text(most=500),
        checkout_options=CHECKOUT_OPTIONS,
        pre_populated_data=PRE_POPULATED,
    ),
)
NOT_PLAYED = ("custom_fields", "subscription_plan_id", "shipping_fee", "app_fee_money")
