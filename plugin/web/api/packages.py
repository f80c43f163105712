"""The calls about packages: listing and creating them, and selling them in Square."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field, StrictInt

from plugin.core import terms
from plugin.core.text import NAME_LENGTH
from plugin.courses.base.views import PackageView
from plugin.courses.catalog import packages
from plugin.courses.catalog.packages import MOST_SESSIONS, MOST_TREATMENTS
from plugin.square.catalog import publish
from plugin.web.api import inputs
from plugin.web.api.calls import THE_OWNER, Reply, Request, call, is_known, once
from plugin.web.api.inputs import Answer, Count, Cursor, Id, Money, Position, example_id, shown, usd


class Terms(Answer):
    """The terms of a package."""

    expires_after_months: Position | None
    expires_on: date | None
    refund_formula: inputs.Formula
    no_show: inputs.NoShowRule
    forgiven_no_shows: Count
    expires_from: Annotated[inputs.ExpiryStart, Field(description="What the months are counted from.")]
    notice_hours: Annotated[
        Count, Field(description="How long before a visit it can be canceled; 24 where it is left out.")
    ] = 24


class Content(Answer):
    """A number of sessions of a treatment in a package."""

    treatment: str = shown("Facial acupuncture, 60 min")
    sessions: Count = shown(12)
    single_price: Money = shown(usd(16500))
    usable_from_session: Position | None


class Package(Answer):
    """A package for sale."""

    id: Id = shown(example_id(1))
    name: str = shown("Facial acupuncture, course of 12")
    price: Money
    contents: list[Content]
    terms: Terms
    version: Count = shown(1)
    active: bool = shown(True, at="is_active")
    square_variation_id: str | None
    names: dict[str, str] = shown(
        {"es": "Acupuntura facial, 12 sesiones"}, "What clients read, by language; without one, the name."
    )


class PackageList(Answer):
    """A page of packages."""

    packages: list[Package] = shown(at="rows")
    cursor: Cursor


_NEW_PACKAGE = {
    "name": "Facial acupuncture, course of 10",
    "price": usd(165000),
    "contents": [{"treatment": "Facial acupuncture, 60 min", "sessions": 10, "single_price": usd(16500)}],
}
# Months or a day, not both; counting from the first use requires months.
_MONTHS = {"required": ["expires_after_months"], "properties": {"expires_after_months": {"type": "integer"}}}
_DAY = {"required": ["expires_on"], "properties": {"expires_on": {"type": "string"}}}
_FROM_FIRST_USE = {"required": ["expires_from"], "properties": {"expires_from": {"const": "first_use"}}}
_TERMS_RULES: dict[str, Any] = {"not": {"allOf": [_MONTHS, _DAY]}, "if": _FROM_FIRST_USE, "then": _MONTHS}


class NewContent(inputs.Input):
    """A number of sessions of a treatment."""

    treatment: inputs.VisibleText = Field(max_length=NAME_LENGTH, examples=["Facial acupuncture, 60 min"])
    sessions: StrictInt = Field(ge=1, le=MOST_SESSIONS)
    single_price: inputs.Price
    usable_from_session: StrictInt | None = Field(None, ge=1, le=MOST_SESSIONS)
    """Opens when so many main sessions have been used; null: from the start."""


class NewTerms(inputs.Input, json_schema_extra=_TERMS_RULES):
    """The terms of the package."""

    expires_after_months: StrictInt | None = Field(None, ge=1, le=120)
    """After the sale or the first use; not with expires_on."""
    expires_from: inputs.ExpiryStart | None = Field(None, description="What the months are counted from.")
    expires_on: inputs.Day | None = None
    refund_formula: inputs.Formula | None = None
    no_show: inputs.NoShowRule | None = None
    forgiven_no_shows: StrictInt | None = Field(None, ge=0, le=99)
    notice_hours: StrictInt | None = Field(terms.USUAL_NOTICE_HOURS, ge=0, le=terms.MOST_NOTICE_HOURS)
    """How long before a visit it can be canceled; 0: nothing is agreed."""


class NewNames(inputs.Input, json_schema_extra={"examples": [{"es": "Acupuntura facial, 10 sesiones"}]}):
    """A name by language; where one is left out or empty, clients read the main name."""

    en: str | None = Field(None, max_length=NAME_LENGTH)
    es: str | None = Field(None, max_length=NAME_LENGTH)
    zh: str | None = Field(None, max_length=NAME_LENGTH)


class NewPackage(inputs.Input, json_schema_extra={"examples": [_NEW_PACKAGE]}):
    """The package to create."""

    name: inputs.VisibleText = Field(max_length=NAME_LENGTH)
    price: inputs.Price
    contents: list[NewContent] = Field(min_length=1, max_length=MOST_TREATMENTS)
    terms: NewTerms | None = None
    names: NewNames | None = None
    """What clients read; Square gets the name."""


class SquareItem(
    inputs.Input, json_schema_extra={"examples": [{"square_variation_id": "BSOL4BB6RCMX6SH4KQIFWZDP"}]}
):
    """The item of Square's catalog that sells the package."""

    square_variation_id: inputs.GivenId = Field(
        description="A variation of an item that is sold on Square already."
    )


@call("GET", "/packages", PackageList)
def list_packages(request: Request, query: inputs.Paging) -> Reply:
    """List the packages in the order they were created."""
    page = packages.list_packages(request.store, limit=query.limit, cursor=query.cursor, only_active=False)
    return Reply(PackageList.of(page))


@call("POST", "/packages", Package, status=201, roles=THE_OWNER)
def create_package(request: Request, body: NewPackage) -> Reply:
    """Create a package."""
    is_repeat = is_known(request)
    package = packages.create_package(request.store, request.act, _new_package(body))
    return Reply(Package.of(package), is_repeat)


def _new_package(body: NewPackage) -> packages.NewPackage:
    contents = [
        packages.NewContent(each.treatment, each.sessions, each.single_price.money, each.usable_from_session)
        for each in body.contents
    ]
    agreed = terms.Terms(**body.terms.given()) if body.terms else terms.Terms()
    names = body.names.given() if body.names else None
    return packages.NewPackage(body.name, body.price.money, contents, agreed, names)


@call("POST", "/packages/{package_id}/publication", Package, roles=THE_OWNER, refusals=(502,))
def publish_package(request: Request, package_id: str) -> Reply:
    """Publish the package to Square's catalog."""
    wanted = {"package_id": package_id}
    return once(
        request, "publication", wanted, lambda: Package.of(publish(request.services, request.act, package_id))
    )


@call("PUT", "/packages/{package_id}/square-item", Package, roles=THE_OWNER)
def link_square_item(request: Request, body: SquareItem, package_id: str) -> Reply:
    """Link the Square item variation that sells the package."""
    wanted = {"package_id": package_id, "square_variation_id": body.square_variation_id}
    return once(request, "square-item", wanted, lambda: Package.of(_linked(request, body, package_id)))


def _linked(request: Request, body: SquareItem, package_id: str) -> PackageView:
    store, variation_id = request.store, body.square_variation_id
    package = packages.read_package(store, package_id)
    if package.square_variation_id == variation_id:
        return package
    return packages.list_variation(
        store,
        request.act,
        package_id,
        square_variation_id=variation_id,
        square_item_id=None,
        square_version=None,
    )
