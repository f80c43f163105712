"""Square's orders, payments and refunds as models: each field that the ledger depends on is checked when it is read.

The SDK validates nothing. What only booking or only an invoice needs is read separately (`Line`, `Charges`), so
that an unreadable line of retail does not prevent the booking of a package.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Self, TypeVar

from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, PlainValidator, ValidationError
from pydantic import ValidationInfo as Info

from plugin.core.money import Money
from plugin.square import parsing

T = TypeVar("T")


def _field(read: Callable[[object, str], T]) -> PlainValidator:
    """Read a field with a function of `parsing` that takes the value and its name."""
    return PlainValidator(lambda value, info: read(value, info.field_name or ""))


def _typed(most: int) -> PlainValidator:
    return PlainValidator(lambda value: parsing.words(value, most))


def _or_created(value: object, info: Info) -> datetime | None:
    return parsing.optional_moment(value, "updated_at") or info.data.get("created_at")


Id = Annotated[str, _field(parsing.square_id)]
OptionalId = Annotated[str | None, _field(parsing.optional_id)]
Text = Annotated[str, PlainValidator(parsing.text)]
Name = Annotated[str, _typed(120)]
Amount = Annotated[Money, _field(parsing.money)]
OptionalAmount = Annotated[Money | None, _field(parsing.optional_money)]
Moment = Annotated[datetime, _field(parsing.moment)]
OptionalMoment = Annotated[datetime | None, _field(parsing.optional_moment)]
Updated = Annotated[datetime, PlainValidator(_or_created), Field(validate_default=True)]
Whole = Annotated[int, PlainValidator(lambda value: value if isinstance(value, int) else 0)]
# `Rows` refuses an element that is no object, `LenientRows` leaves it out.
Rows = Annotated[tuple[parsing.Json, ...], _field(lambda value, name: tuple(parsing.records(value, name)))]
LenientRows = Annotated[
    tuple[parsing.Json, ...], _field(lambda value, name: tuple(parsing.listed(value, name)))
]


class Answer(BaseModel):
    """A part of an answer of Square's; fields that are not named are ignored."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    @classmethod
    def read(cls, answer: object) -> Self:
        """Read an answer; raises SquareFailed where it lacks a required field."""
        try:
            return cls.model_validate(answer)
        except ValidationError as error:
            first = error.errors()[0]
            raise parsing.unreadable(" ".join([cls.__name__.lower(), *map(str, first["loc"])])) from None


def _each(model: type[Answer]) -> PlainValidator:
    return _field(lambda value, name: tuple(model.read(one) for one in parsing.records(value, name)))


class ProcessingFee(Answer):
    """A fee that Square keeps of a payment, from when on; below zero where it gives one back."""

    amount: OptionalAmount = Field(None, alias="amount_money")
    effective_at: OptionalMoment = None


class Payment(Answer):
    """Money taken; status APPROVED, PENDING, COMPLETED, CANCELED or FAILED.

    `product` is the Square product that took it, such as INVOICES.
    """

    id: Id
    status: Text = ""
    order_id: OptionalId = None
    customer_id: OptionalId = None
    location_id: OptionalId = None
    product: Text = Field("", validation_alias=AliasPath("application_details", "square_product"))
    total: OptionalAmount = Field(None, alias="total_money")
    refunded: OptionalAmount = Field(None, alias="refunded_money")
    # Square fills it in minutes to days after the payment.
    fees: Annotated[tuple[ProcessingFee, ...], _each(ProcessingFee)] = Field((), alias="processing_fee")
    receipt_url: Text = ""


class Tender(Answer):
    """A payment as its order shows it. A card that is only authorized has paid nothing yet."""

    # A tender's own id is the payment's id; newer answers give it twice.
    payment_id: OptionalId = Field(None, validation_alias=AliasChoices("payment_id", "id"))
    type: Text = ""
    customer_id: OptionalId = None
    amount: OptionalAmount = Field(None, alias="amount_money")
    created_at: OptionalMoment = None
    card_status: Text = Field("", validation_alias=AliasPath("card_details", "status"))
    card_brand: Text = Field("", validation_alias=AliasPath("card_details", "card", "card_brand"))

    @property
    def is_captured(self) -> bool:
        """Return whether the money was taken."""
        return self.card_status in ("", "CAPTURED")


class ReturnedLine(Answer):
    """One line of a return; `source_line_uid` is the line of the sale that it returns."""

    uid: Id
    source_line_uid: OptionalId = Field(None, alias="source_line_item_uid")
    quantity: Text = ""
    total: OptionalAmount = Field(None, alias="total_money")
    tax: OptionalAmount = Field(None, alias="total_tax_money")
    discount: OptionalAmount = Field(None, alias="total_discount_money")


class ReturnedTip(Answer):
    """The part of a tip that a return refunds, and its payment."""

    applied: OptionalAmount = Field(None, alias="applied_money")
    source_tender_id: OptionalId = None


class Return(Answer):
    """What one order returns of another."""

    source_order_id: OptionalId = None
    lines: Annotated[tuple[ReturnedLine, ...], _each(ReturnedLine)] = Field((), alias="return_line_items")
    itemized_tips: Annotated[tuple[ReturnedTip, ...], _each(ReturnedTip)] = Field((), alias="return_tips")
    tip: OptionalAmount = Field(None, validation_alias=AliasPath("return_amounts", "tip_money"))

    @property
    def tips(self) -> tuple[ReturnedTip, ...]:
        """Return its tips; an answer may give their sum alone."""
        return self.itemized_tips or (ReturnedTip.model_construct(applied=self.tip),)


class AppliedTax(Answer):
    """The amount of one of the order's taxes on one line."""

    uid: Text = Field("", alias="tax_uid")
    applied: OptionalAmount = Field(None, alias="applied_money")


class AppliedCharge(Answer):
    """The amount of one of the order's service charges on one line."""

    uid: Text = Field("", alias="service_charge_uid")
    applied: OptionalAmount = Field(None, alias="applied_money")


class Modifier(Answer):
    """Something chosen with a line; `price` is for one unit."""

    name: Name = ""
    price: OptionalAmount = Field(None, alias="base_price_money")


class Line(Answer):
    """One line of an order, a package or retail; `quantity` is Square's decimal string."""

    uid: Id
    square_variation_id: OptionalId = Field(None, alias="catalog_object_id")
    name: Name = ""
    variation_name: Name = ""
    quantity: Text = ""
    unit_price: OptionalAmount = Field(None, alias="base_price_money")
    total: OptionalAmount = Field(None, alias="total_money")
    tax: OptionalAmount = Field(None, alias="total_tax_money")
    discount: OptionalAmount = Field(None, alias="total_discount_money")
    service_charge: OptionalAmount = Field(None, alias="total_service_charge_money")
    card_surcharge: OptionalAmount = Field(None, alias="total_card_surcharge_money")
    modifiers: Annotated[tuple[Modifier, ...], _each(Modifier)] = ()
    taxes: Annotated[tuple[AppliedTax, ...], _each(AppliedTax)] = Field((), alias="applied_taxes")
    charges: Annotated[tuple[AppliedCharge, ...], _each(AppliedCharge)] = Field(
        (), alias="applied_service_charges"
    )


class Tax(Answer):
    """A tax of an order; an included one is part of the listed prices."""

    uid: Text = ""
    name: Annotated[str, _typed(80)] = ""
    type: Text = ""
    percentage: Text = ""

    @property
    def is_included(self) -> bool:
        """Return whether the listed prices contain it."""
        return self.type == "INCLUSIVE"


class Charge(Answer):
    """A service charge on an order, beside its lines or apportioned to them."""

    uid: Text = ""
    name: Name = ""
    type: Text = ""
    treatment_type: Text = ""
    total: OptionalAmount = Field(None, alias="total_money")
    tax: OptionalAmount = Field(None, alias="total_tax_money")
    taxes: Annotated[tuple[AppliedTax, ...], _each(AppliedTax)] = Field((), alias="applied_taxes")

    @property
    def is_apportioned(self) -> bool:
        """Return whether it is part of the lines' totals."""
        return "APPORTIONED" in self.treatment_type

    @property
    def is_card_surcharge(self) -> bool:
        """Return whether it is what a client pays for using a card, by its type or its name."""
        return any("surcharge" in one.casefold() for one in (self.type, self.name))


class Charges(Answer):
    """Taxes and charges of a whole order."""

    taxes: Annotated[tuple[Tax, ...], _each(Tax)] = ()
    service_charges: Annotated[tuple[Charge, ...], _each(Charge)] = ()
    tip: OptionalAmount = Field(None, alias="total_tip_money")
    rounding: OptionalAmount = Field(None, validation_alias=AliasPath("rounding_adjustment", "amount_money"))
    card_surcharge: OptionalAmount = Field(None, alias="total_card_surcharge_money")
    returned: OptionalAmount = Field(None, validation_alias=AliasPath("return_amounts", "total_money"))


class Discount(Answer):
    uid: Text = ""
    applied: OptionalAmount = Field(None, alias="applied_money")


class Order(Answer):
    """A sale, a return, or both at once (an exchange); state OPEN, COMPLETED, CANCELED or DRAFT.

    `lines` stay unparsed until they are needed: see `Line`.
    """

    id: Id
    location_id: Id
    state: Text = ""
    version: Whole = 0
    customer_id: OptionalId = None
    total: OptionalAmount = Field(None, alias="total_money")
    tax: OptionalAmount = Field(None, alias="total_tax_money")
    created_at: Moment
    updated_at: Updated = None  # type: ignore[assignment]  # `created_at` where Square leaves it out
    closed_at: OptionalMoment = None
    lines: LenientRows = Field((), alias="line_items")
    tenders: Annotated[tuple[Tender, ...], _each(Tender)] = ()
    returns: Annotated[tuple[Return, ...], _each(Return)] = ()
    discounts: Annotated[tuple[Discount, ...], _each(Discount)] = ()
    refund_ids: Annotated[
        tuple[str, ...],
        _field(
            lambda value, name: tuple(
                parsing.square_id(one.get("id"), name) for one in parsing.records(value, name)
            )
        ),
    ] = Field((), alias="refunds")
    answer: dict[str, Any] = Field({}, repr=False)

    @classmethod
    def read(cls, answer: object) -> Self:
        """Read an order; raises SquareFailed."""
        return super().read(answer).model_copy(update={"answer": answer})

    @cached_property
    def charges(self) -> Charges:
        """Return its taxes and charges; raises SquareFailed."""
        return Charges.read(self.answer)


class PaymentRefund(Answer):
    """Money refunded. `order_id` is the return order; status PENDING, COMPLETED, REJECTED or FAILED."""

    id: Id
    status: Text = ""
    amount: Amount = Field(alias="amount_money")
    order_id: OptionalId = None
    payment_id: OptionalId = None
    location_id: OptionalId = None
    created_at: Moment
    updated_at: Updated = None  # type: ignore[assignment]  # `created_at` where Square leaves it out
    reason: Annotated[str, _typed(300)] = ""
    # What Square gives back of the payment's fee, if it does; it shows it later than the refund.
    fees: Annotated[tuple[ProcessingFee, ...], _each(ProcessingFee)] = Field((), alias="processing_fee")


def minor_units(amount: Money | None, currency: str) -> int:
    """Return an amount in minor units, 0 where Square left it out; raises SquareFailed for another currency."""
    if amount is not None and amount.currency != currency:
        raise parsing.unreadable("an amount is in another currency")
    return amount.amount if amount is not None else 0
