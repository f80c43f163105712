"""A course's terms as plain sentences for its papers, in the client's language where we speak it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from invoices.papers import Money as PaperMoney
from invoices.words import language_for
from plugin.core.course import AllowanceState
from plugin.core.money import Money
from plugin.core.terms import NoShow, RefundFormula, Terms
from plugin.courses.base.views import ClinicView, CourseView
from plugin.courses.sales.link_words import link_phrases, questions

_ENGLISH = {
    "no_expiry": "Your sessions do not expire.",
    "first_use_once": "Your sessions are valid for 1 month from your first visit.",
    "first_use": "Your sessions are valid for {count} months from your first visit.",
    "notice_once": "Please cancel at least 1 hour ahead. ",
    "notice": "Please cancel at least {hours} hours ahead. ",
    NoShow.CHARGE: "A visit missed without notice counts as used.",
    NoShow.FORGIVE: "A visit missed without notice is not counted.",
    NoShow.ASK: "If a visit is missed without notice, we decide with you whether it counts as used.",
    "forgiven_once": "A visit missed without notice counts as used; we look past it once.",
    "forgiven": "A visit missed without notice counts as used; we look past it {count} times.",
    "sharing": "The sessions are yours. To share them with someone or pass them on, ask us first.",
    RefundFormula.PRORATED: "Refund: what you paid for the sessions you have not used.",
    RefundFormula.DISCOUNT_FORFEITED: "Refund: what you paid, less the sessions used at the single-visit price"
    "{prices}.",
    "one_price": " of {price}",
    "prices": " ({prices})",
}
_SPANISH = {
    "no_expiry": "Sus sesiones no vencen.",
    "first_use_once": "Sus sesiones valen 1 mes desde su primera visita.",
    "first_use": "Sus sesiones valen {count} meses desde su primera visita.",
    "notice_once": "Cancele con al menos 1 hora de antelación. ",
    "notice": "Cancele con al menos {hours} horas de antelación. ",
    NoShow.CHARGE: "Una visita a la que no asista sin avisar cuenta como usada.",
    NoShow.FORGIVE: "Una visita a la que no asista sin avisar no se cuenta.",
    NoShow.ASK: "Si no asiste a una visita sin avisar, decidimos con usted si cuenta como usada.",
    "forgiven_once": "Una visita a la que no asista sin avisar cuenta como usada; la primera no se cuenta.",
    "forgiven": "Una visita a la que no asista sin avisar cuenta como usada; las primeras {count} no se cuentan.",
    "sharing": "Las sesiones son suyas. Para compartirlas o cederlas a otra persona, consúltenos antes.",
    RefundFormula.PRORATED: "Reembolso: lo que pagó por las sesiones que no ha usado.",
    RefundFormula.DISCOUNT_FORFEITED: (
        "Reembolso: lo que pagó, menos las sesiones usadas al precio de una visita{prices}."
    ),
    "one_price": " de {price}",
    "prices": " ({prices})",
}
_CHINESE = {
    "no_expiry": "疗程次数不设有效期。",
    "first_use_once": "疗程次数自首次到诊起1个月内有效。",
    "first_use": "疗程次数自首次到诊起{count}个月内有效。",
    "notice_once": "取消或改期请至少提前1小时告知。",
    "notice": "取消或改期请至少提前{hours}小时告知。",
    NoShow.CHARGE: "未事先通知而未到诊，按已使用一次计算。",
    NoShow.FORGIVE: "未事先通知而未到诊，不扣次数。",
    NoShow.ASK: "未事先通知而未到诊，是否扣次数由我们与您商定。",
    "forgiven_once": "未事先通知而未到诊，按已使用一次计算；第一次不计。",
    "forgiven": "未事先通知而未到诊，按已使用一次计算；前{count}次不计。",
    "sharing": "疗程次数归您本人。如需与他人共用或转让，请先与我们商量。",
    RefundFormula.PRORATED: "退款：退还未使用次数对应的已付金额。",
    RefundFormula.DISCOUNT_FORFEITED: "退款：已付金额减去已使用次数按单次价格{prices}计算的金额。",
    "one_price": " {price} ",
    "prices": "（{prices}）",
}
_SPOKEN: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "es": _SPANISH, "zh": _CHINESE}


@dataclass(frozen=True, slots=True)
class Ask:
    """How the clinic is reached by whoever has a question about the terms."""

    phone: str = ""
    email: str = ""


def terms_sentences(
    terms: Terms,
    language: str,
    *,
    prices: Sequence[tuple[str, Money]] = (),
    ask: Ask | None = None,
    has_expiry: bool = True,
    has_refund: bool = True,
) -> tuple[str, ...]:
    """Return the terms in force, a sentence or two for each matter; a date of expiration stands elsewhere on the paper.

    `prices`: the single price of each treatment of the course, which the refund formula may use.
    Without `has_expiry`, whether the sessions expire is said elsewhere too; without `has_refund`, somebody else paid.
    """
    said = _said(language)
    sentences = (
        _expiry(terms, said) if has_expiry else "",
        _missed(terms, said),
        said["sharing"],
        _refund(terms, prices, language) if has_refund else "",
        questions(link_phrases(language), ask.phone, ask.email) if ask is not None else "",
    )
    return tuple(sentence for sentence in sentences if sentence)


def terms_of(
    course: CourseView,
    clinic: ClinicView,
    language: str,
    *,
    has_no_expiry: bool = True,
    has_refund: bool = True,
) -> tuple[str, ...]:
    """Return the terms of a sold course with its own prices. A day of expiration that is known stands elsewhere.

    Without `has_no_expiry`, so does that there is none.
    """
    waits = course.terms.waits_for_first_use
    return terms_sentences(
        course.terms,
        language,
        prices=[(each.treatment, _charged(course, each)) for each in course.allowances],
        ask=Ask(clinic.phone, clinic.email),
        has_expiry=course.expires_on is None and (has_no_expiry or waits),
        has_refund=has_refund,
    )


def _charged(course: CourseView, allowance: AllowanceState) -> Money:
    """Return the price of a single visit as a refund counts it: with the tax of the sale."""
    single = allowance.single_price
    return Money(course.charge.gross_of_listed(single.amount), single.currency)


def gift_sentences(terms: Terms, language: str) -> tuple[str, ...]:
    """Return what the voucher says to whoever is given the course, beside how long it is good and how it is used."""
    return (_missed(terms, _said(language)),)


def _said(language: str) -> Mapping[str, str]:
    return _SPOKEN.get(language_for(language).locale.language, _ENGLISH)


def _expiry(terms: Terms, said: Mapping[str, str]) -> str:
    if terms.waits_for_first_use:
        key = "first_use_once" if terms.expires_after_months == 1 else "first_use"
        return said[key].format(count=terms.expires_after_months)
    has_expiry = terms.expires_after_months is not None or terms.expires_on is not None
    return "" if has_expiry else said["no_expiry"]


def _missed(terms: Terms, said: Mapping[str, str]) -> str:
    notice = ""
    if terms.notice_hours:
        notice = said["notice_once" if terms.notice_hours == 1 else "notice"].format(hours=terms.notice_hours)
    if terms.no_show is NoShow.CHARGE and terms.forgiven_no_shows:
        key = "forgiven_once" if terms.forgiven_no_shows == 1 else "forgiven"
        return notice + said[key].format(count=terms.forgiven_no_shows)
    return notice + said[terms.no_show]


def _refund(terms: Terms, prices: Sequence[tuple[str, Money]], language: str) -> str:
    said, spoken = _said(language), language_for(language)
    written = {
        treatment: spoken.money(PaperMoney(price.amount, price.currency))
        for treatment, price in prices
        if price.amount
    }
    if len(set(written.values())) <= 1:
        told = "".join(said["one_price"].format(price=price) for price in set(written.values()))
    else:
        listed = [f"{treatment}: {price}" for treatment, price in written.items()]
        told = said["prices"].format(prices="; ".join(listed))
    return said[terms.refund_formula].format(prices=told)
