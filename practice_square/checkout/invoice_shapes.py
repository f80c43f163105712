"""The shapes of requests about invoices, as Square's schema has them."""

from practice_square.shapes import PRICE, Flag, Many, Record, Text, Whole

REQUEST = Record(
    uid=Text(1, 255),
    request_type=Text(one_of=("BALANCE", "DEPOSIT", "INSTALLMENT")),
    due_date=Text(10, 10),
    fixed_amount_requested_money=PRICE,
    percentage_requested=Text(1, 10),
    tipping_enabled=Flag(),
    automatic_payment_source=Text(one_of=("NONE", "CARD_ON_FILE", "BANK_ON_FILE")),
    card_id=Text(1, 255),
    reminders=Many(Record(relative_scheduled_days=Whole(-32767, 32767), message=Text(1, 1000)), most=10),
)
INVOICE = Record(
    required=True,
    version=Whole(),
    location_id=Text(1, 255),
    order_id=Text(1, 255),
    primary_recipient=Record(customer_id=Text(1, 255)),
    payment_requests=Many(REQUEST, most=13),
    delivery_method=Text(one_of=("EMAIL", "SHARE_MANUALLY", "SMS")),
    invoice_number=Text(1, 191),
    title=Text(1, 255),
    description=Text(1, 65536),
    scheduled_at=Text(),
    accepted_payment_methods=Record(
        card=Flag(),
        square_gift_card=Flag(),
        bank_account=Flag(),
        buy_now_pay_later=Flag(),
        cash_app_pay=Flag(),
    ),
    custom_fields=Many(Record(), most=2),
    sale_or_service_date=Text(10, 10),
    payment_conditions=Text(1, 2000),
    store_payment_method_enabled=Flag(),
)
CREATE = Record(invoice=INVOICE, idempotency_key=Text(most=128))
UPDATE = Record(
    invoice=Record(required=True, **{**INVOICE.fields, "version": Whole(required=True)}),
    idempotency_key=Text(most=128),
    fields_to_clear=Many(Text()),
)
PUBLISH = Record(version=Whole(required=True), idempotency_key=Text(most=128))
CANCEL = Record(version=Whole(required=True))
SEARCH = Record(
    limit=Whole(1, 200),
    cursor=Text(),
    query=Record(
        required=True,
        filter=Record(
            required=True,
            location_ids=Many(Text(), least=1, most=1, required=True),
            customer_ids=Many(Text(), most=1),
        ),
        sort=Record(
            field=Text(one_of=("INVOICE_SORT_DATE",), required=True),
            order=Text(one_of=("ASC", "DESC")),
        ),
    ),
)
