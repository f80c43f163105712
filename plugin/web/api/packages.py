"""The calls about packages: what is for sale, and how it stands on the Square till."""

from __future__ import annotations

from plugin.core.terms import (
    MOST_NOTICE_HOURS,
    USUAL_NOTICE_HOURS,
    ExpiresFrom,
    NoShow,
    RefundFormula,
    Terms,
)
from plugin.courses.base.views import PackageView
from plugin.courses.catalog.packages import (
    MOST_SESSIONS,
    MOST_TREATMENTS,
    NewContent,
    NewPackage,
    list_packages,
    list_variation,
    read_package,
)
from plugin.courses.catalog.packages import create_package as create
from plugin.square.catalog import publish
from plugin.web.api import shapes
from plugin.web.api.calls import THE_OWNER, Answer, Asked, Call, Key
from plugin.web.api.fields import day, identifier, many, money, one_of, record, text, whole
from plugin.web.api.keys import is_known, once
from plugin.web.api.lists import PAGING, limit_of, listed

_CONTENT = record(
    {
        "treatment": text(least=1, most=120),
        "sessions": whole(least=1, most=MOST_SESSIONS),
        "single_price": money(),
        "usable_from_session": whole(
            least=1,
            most=MOST_SESSIONS,
            description="Opens when so many main sessions have been used; null: from the start.",
        ),
    },
    required=("treatment", "sessions", "single_price"),
    build=NewContent,
)
_TERMS = record(
    {
        "expires_after_months": whole(
            least=1, most=120, description="After the sale or the first use; not with expires_on."
        ),
        "expires_from": one_of(ExpiresFrom, description="What the months are counted from."),
        "expires_on": day(),
        "refund_formula": one_of(RefundFormula),
        "no_show": one_of(NoShow),
        "forgiven_no_shows": whole(least=0, most=99),
        "notice_hours": whole(
            least=0,
            most=MOST_NOTICE_HOURS,
            default=USUAL_NOTICE_HOURS,
            description="How long before a visit it can be canceled; 0: nothing is agreed.",
        ),
    },
    build=Terms,
)
_NEW_PACKAGE = record(
    {
        "name": text(least=1, most=120),
        "price": money(),
        "contents": many(_CONTENT, least=1, most=MOST_TREATMENTS),
        "terms": _TERMS,
    },
    required=("name", "price", "contents"),
    build=NewPackage,
    examples=[
        {
            "name": "Facial acupuncture, course of 10",
            "price": {"amount": 165000, "currency": "USD"},
            "contents": [
                {
                    "treatment": "Facial acupuncture, 60 min",
                    "sessions": 10,
                    "single_price": {"amount": 16500, "currency": "USD"},
                }
            ],
        }
    ],
)
_LINK = record(
    {"square_variation_id": identifier(description="A variation of an item that is sold on Square already.")},
    required=("square_variation_id",),
    examples=[{"square_variation_id": "BSOL4BB6RCMX6SH4KQIFWZDP"}],
)


def _list(asked: Asked) -> Answer:
    page = list_packages(
        asked.services.store, limit=limit_of(asked), cursor=asked.query.get("cursor"), only_active=False
    )
    return listed("packages", page, shapes.package)


def _create(asked: Asked) -> Answer:
    is_repeat = is_known(asked)
    package = create(asked.services.store, asked.act, asked.body)
    return Answer(shapes.package(package), is_repeat=is_repeat)


def _publish(asked: Asked) -> Answer:
    package_id = asked.ids["package_id"]
    return once(
        asked, "publication", {}, lambda: shapes.package(publish(asked.services, asked.act, package_id))
    )


def _link(asked: Asked) -> Answer:
    return once(asked, "square-item", asked.body, lambda: shapes.package(_linked(asked)))


def _linked(asked: Asked) -> PackageView:
    store, package_id = asked.services.store, asked.ids["package_id"]
    wanted: str = asked.body["square_variation_id"]
    package = read_package(store, package_id)
    if package.square_variation_id == wanted:
        return package
    return list_variation(
        store,
        asked.act,
        package_id,
        square_variation_id=wanted,
        square_item_id=None,
        square_version=None,
    )


CALLS = (
    Call(
        name="list_packages",
        method="GET",
        path="/packages",
        summary="List the packages in the order they were made",
        view=_list,
        answer="PackageList",
        query=PAGING,
    ),
    Call(
        name="create_package",
        method="POST",
        path="/packages",
        summary="Make a package",
        view=_create,
        answer="Package",
        status=201,
        roles=THE_OWNER,
        key=Key.ACCEPTED,
        body=_NEW_PACKAGE,
    ),
    Call(
        name="publish_package",
        method="POST",
        path="/packages/{package_id}/publication",
        summary="Put the package on the Square till",
        view=_publish,
        answer="Package",
        roles=THE_OWNER,
        key=Key.ACCEPTED,
        refusals=(502,),
    ),
    Call(
        name="link_square_item",
        method="PUT",
        path="/packages/{package_id}/square-item",
        summary="Say which Square item variation sells the package",
        view=_link,
        answer="Package",
        roles=THE_OWNER,
        key=Key.ACCEPTED,
        body=_LINK,
    ),
)
