"""A package as its form: what was typed into it, and what stands in it for the next version."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from babel.numbers import format_decimal
from werkzeug.datastructures import MultiDict

from plugin.core.money import Money, minor_digits
from plugin.core.terms import USUAL_NOTICE_HOURS, ExpiresFrom, NoShow, RefundFormula, Terms
from plugin.courses.base.views import ContentView, PackageView
from plugin.courses.catalog.packages import MOST_TREATMENTS, NewContent, NewPackage
from plugin.errors import InvalidField
from plugin.web import pages
from plugin.web.form_values import typed_date, typed_money, typed_number, typed_optional_number
from plugin.web.format import locale_of

# Rows beside the main treatment and the touch-ups: shown at least, and read at most.
MORE_ROWS = 4
MOST_ROWS = MOST_TREATMENTS - 1

Form = MultiDict[str, str]


def typed_package(form: Form) -> NewPackage:
    """Read a package; raises InvalidField that names the field."""
    return NewPackage(
        name=form.get("name", ""),
        price=_money(form, "price", "The price"),
        contents=_contents(form),
        terms=_terms(form),
    )


def values_of(package: PackageView) -> dict[str, str]:
    """Return what stands in the fields of a package that is edited."""
    main = next((each for each in package.contents if each.kind == "main"), package.contents[0])
    touch_up = next((each for each in package.contents if each.kind == "touch_up" and each is not main), None)
    others = [each for each in package.contents if each is not main and each is not touch_up]
    terms = package.terms
    values = {
        "name": package.name,
        "price": _plain(package.price),
        "treatment": main.treatment,
        "sessions": str(main.sessions),
        "single_price": _plain(main.single_price),
        "months": str(terms.expires_after_months or ""),
        "expires_from": terms.expires_from.value,
        "expires_on": terms.expires_on.isoformat() if terms.expires_on else "",
        "refund_formula": terms.refund_formula.value,
        "no_show": terms.no_show.value,
        "forgiven_no_shows": str(terms.forgiven_no_shows or ""),
        "notice_hours": str(terms.notice_hours),
    }
    if touch_up is not None:
        values |= _values_of_row(touch_up, "touch_up_treatment", "touch_ups", "touch_up_price", "opens_at")
    for row, content in enumerate(others, start=1):
        values |= _values_of_row(content, *_row_names(row))
    return values


def _values_of_row(
    content: ContentView, treatment: str, count: str, price: str, opens: str
) -> dict[str, str]:
    return {
        treatment: content.treatment,
        count: str(content.sessions),
        price: _plain(content.single_price),
        opens: str(content.usable_from_session or ""),
    }


def _row_names(row: int) -> tuple[str, str, str, str]:
    return f"more_treatment_{row}", f"more_sessions_{row}", f"more_price_{row}", f"more_opens_{row}"


def _contents(form: Form) -> Sequence[NewContent]:
    main = NewContent(
        treatment=form.get("treatment", ""),
        sessions=typed_number(form.get("sessions", ""), field="sessions", called="The number of sessions"),
        single_price=_money(form, "single_price", "The single price"),
        kind="main",
    )
    contents = [main]
    if typed_optional_number(form.get("touch_ups", ""), field="touch_ups", called="The number of touch-ups"):
        names = ("touch_up_treatment", "touch_ups", "touch_up_price", "opens_at")
        contents.append(_row(form, *names, kind="touch_up"))
    for row in range(1, MOST_ROWS + 1):
        names = _row_names(row)
        if any(form.get(name, "").strip() for name in names):
            contents.append(_row(form, *names))
    return contents


def _row(
    form: Form, treatment: str, count: str, price: str, opens: str, *, kind: str | None = None
) -> NewContent:
    return NewContent(
        treatment=form.get(treatment, ""),
        sessions=typed_number(form.get(count, ""), field=count, called="The number of sessions"),
        single_price=_money(form, price, "The single price of it"),
        usable_from_session=typed_optional_number(
            form.get(opens, ""), field=opens, called="The session they open at"
        ),
        kind=kind,
    )


def _terms(form: Form) -> Terms:
    months = typed_optional_number(form.get("months", ""), field="months", called="Expiry")
    forgiven = typed_optional_number(
        form.get("forgiven_no_shows", ""), field="forgiven_no_shows", called="How many are forgiven"
    )
    notice = typed_optional_number(form.get("notice_hours", ""), field="notice_hours", called="The notice")
    counted = form.get("expires_from") or ExpiresFrom.SALE
    return Terms(
        expires_after_months=months,
        expires_on=typed_date(form.get("expires_on", ""), field="expires_on"),
        refund_formula=_formula(form),
        no_show=NoShow(_one_of(form, "no_show", list(NoShow), NoShow.ASK)),
        forgiven_no_shows=forgiven or 0,
        notice_hours=USUAL_NOTICE_HOURS if notice is None else notice,
        # Without months there is nothing to count.
        expires_from=ExpiresFrom.FIRST_USE
        if months and counted == ExpiresFrom.FIRST_USE
        else ExpiresFrom.SALE,
    )


def _formula(form: Form) -> RefundFormula:
    return RefundFormula(_one_of(form, "refund_formula", list(RefundFormula), RefundFormula.PRORATED))


def _one_of(form: Form, field: str, known: Sequence[str], default: str) -> str:
    chosen = form.get(field) or default
    if chosen not in known:
        raise InvalidField("Choose one of those in the list.", field=field)
    return chosen


def _money(form: Form, field: str, called: str) -> Money:
    clinic = pages.clinic()
    return typed_money(form.get(field, ""), clinic.currency, locale_of(clinic), field=field, called=called)


def _plain(money: Money) -> str:
    """Return the amount as it is typed into a field, without its currency's sign."""
    digits = minor_digits(money.currency)
    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    return format_decimal(
        Decimal(money.amount).scaleb(-digits), format=pattern, locale=locale_of(pages.clinic())
    )
