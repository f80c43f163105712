"""Pay, for the owner: what each practitioner gets for the sessions used, at a rate typed for the question."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from babel.numbers import NumberFormatError, format_percent, parse_decimal
from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.courses.base.words import money_text
from plugin.courses.reports.pay import Basis, Rate, done_sessions, pay, practitioner_name
from plugin.courses.reports.period import Period
from plugin.courses.reports.sheets import NAMELESS, pay_sheet, sessions_sheet
from plugin.errors import InvalidField
from plugin.web import current_services, pages
from plugin.web.access import allow
from plugin.web.files import file_answer
from plugin.web.form_values import typed_money
from plugin.web.format import locale_of
from plugin.web.refusals import Refusal, shows_refusals
from plugin.web.reports.asked import frame, period_for

blueprint = Blueprint("pay", __name__)

_USUAL = "40"
_LONGEST = 12


@blueprint.get("/reports/pay")
@allow()
@shows_refusals
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show each practitioner's pay."""
    return render_template("owner/pay.html", **_shown(period_for(refusal), refusal))


@blueprint.get("/reports/pay/<practitioner_id>")
@allow()
@shows_refusals
def sessions(practitioner_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the sessions behind one practitioner's pay."""
    store, period = current_services().store, period_for(refusal)
    shown = _shown(period, refusal)
    shown["rows"] = [row for row in shown["rows"] if row.key == practitioner_id]
    return render_template(
        "owner/pay_sessions.html",
        practitioner_id=practitioner_id,
        who=practitioner_name(store, practitioner_id) or NAMELESS[practitioner_id],
        done=done_sessions(store, period, practitioner_id),
        **shown,
    )


@blueprint.get("/reports/pay.<ending>")
@allow()
def save(ending: str) -> Response:
    """Answer all pay as a file."""
    period, rate = period_for(None), _rate()
    sheet = pay_sheet(pay(current_services().store, period, rate), _in_words(rate))
    return file_answer(sheet, ending, period)


@blueprint.get("/reports/pay/<practitioner_id>/sessions.<ending>")
@allow()
def save_sessions(practitioner_id: str, ending: str) -> Response:
    """Answer one practitioner's sessions as a file."""
    store, period = current_services().store, period_for(None)
    who = practitioner_name(store, practitioner_id) or NAMELESS[practitioner_id]
    return file_answer(sessions_sheet(done_sessions(store, period, practitioner_id), who), ending, period)


def _shown(period: Period, refusal: Refusal | None) -> dict[str, Any]:
    rate = Rate(Basis.COURSE, share=_hundredths(_USUAL)) if refusal else _rate()
    return {
        "rows": pay(current_services().store, period, rate),
        "rate_words": _in_words(rate),
        "basis": rate.basis,
        "bases": list(Basis),
        "typed_rate": _typed_rate(),
        **frame(period, refusal, basis=rate.basis.value, rate=_typed_rate()),
    }


def _typed_rate() -> str:
    return request.args.get("rate", _USUAL)[:24]


def _rate() -> Rate:
    asked = request.args.get("basis", Basis.COURSE.value)
    if asked not in list(Basis):
        raise InvalidField("Choose what pay is reckoned on.", field="basis")
    basis, typed = Basis(asked), request.args.get("rate", _USUAL)
    if basis is not Basis.SESSION:
        return Rate(basis, share=_hundredths(typed))
    clinic = pages.clinic()
    called = "The amount for a session"
    return Rate(
        basis, amount=typed_money(typed, clinic.currency, locale_of(clinic), field="rate", called=called)
    )


def _hundredths(typed: str) -> int:
    said = "The share is a percentage such as 40 or 42.5."
    plain = typed.strip().removesuffix("%").strip()
    if not plain or len(plain) > _LONGEST or any(ch.isalpha() for ch in plain):
        raise InvalidField(said, field="rate")
    try:
        share = parse_decimal(plain, locale=locale_of(pages.clinic()), strict=True) * 100
    except NumberFormatError:
        raise InvalidField(said, field="rate") from None
    if share != share.to_integral_value():
        raise InvalidField("The share has two decimals at most.", field="rate")
    return int(share)


def _in_words(rate: Rate) -> str:
    clinic = pages.clinic()
    if rate.amount is not None:
        return f"{money_text(rate.amount, language=clinic.language, country=clinic.country)} a session"
    part = Decimal(rate.share).scaleb(-4).normalize()
    share = format_percent(part, locale=locale_of(clinic), decimal_quantization=False)
    worth = "the single price" if rate.basis is Basis.LIST else "the course value"
    return f"{share} of {worth}"
