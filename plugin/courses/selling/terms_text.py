"""A course's terms as plain sentences for its papers, in the client's language where we speak it."""

from __future__ import annotations

from collections.abc import Mapping

from invoices.words import language_for
from plugin.core.terms import NoShow, RefundFormula, Terms

_ENGLISH = {
    "no_expiry": "Your sessions do not expire.",
    "first_use_once": "Your sessions are valid for 1 month from your first visit.",
    "first_use": "Your sessions are valid for {count} months from your first visit.",
    RefundFormula.PRORATED: "Refund: what you paid for the sessions you have not used.",
    RefundFormula.DISCOUNT_FORFEITED: "Refund: what you paid, less the sessions used at the single-visit price.",
    NoShow.CHARGE: "A visit missed without notice counts as used.",
    NoShow.FORGIVE: "A visit missed without notice is not counted.",
    "forgiven_once": "A visit missed without notice counts as used; we look past it once.",
    "forgiven": "A visit missed without notice counts as used; we look past it {count} times.",
}
_SPANISH = {
    "no_expiry": "Sus sesiones no vencen.",
    "first_use_once": "Sus sesiones valen 1 mes desde su primera visita.",
    "first_use": "Sus sesiones valen {count} meses desde su primera visita.",
    RefundFormula.PRORATED: "Reembolso: lo que pagó por las sesiones que no ha usado.",
    RefundFormula.DISCOUNT_FORFEITED: "Reembolso: lo que pagó, menos las sesiones usadas al precio de una visita.",
    NoShow.CHARGE: "Una visita a la que no asista sin avisar cuenta como usada.",
    NoShow.FORGIVE: "Una visita a la que no asista sin avisar no se cuenta.",
    "forgiven_once": "Una visita a la que no asista sin avisar cuenta como usada; la primera no se cuenta.",
    "forgiven": "Una visita a la que no asista sin avisar cuenta como usada; las primeras {count} no se cuentan.",
}
_CHINESE = {
    "no_expiry": "疗程次数不设有效期。",
    "first_use_once": "疗程次数自首次到诊起1个月内有效。",
    "first_use": "疗程次数自首次到诊起{count}个月内有效。",
    RefundFormula.PRORATED: "退款：退还未使用次数对应的已付金额。",
    RefundFormula.DISCOUNT_FORFEITED: "退款：已付金额减去已使用次数按单次价格计算的金额。",
    NoShow.CHARGE: "未事先通知而未到诊，按已使用一次计算。",
    NoShow.FORGIVE: "未事先通知而未到诊，不扣次数。",
    "forgiven_once": "未事先通知而未到诊，按已使用一次计算；第一次不计。",
    "forgiven": "未事先通知而未到诊，按已使用一次计算；前{count}次不计。",
}
_SPOKEN: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "es": _SPANISH, "zh": _CHINESE}


def terms_sentences(terms: Terms, language: str) -> tuple[str, ...]:
    """Return the terms in force, a sentence each; the expiry date stands elsewhere on the paper."""
    said = _said(language)
    sentences = [_expiry(terms, said), said[terms.refund_formula], _missed(terms, said)]
    return tuple(sentence for sentence in sentences if sentence)


def gift_sentences(terms: Terms, language: str) -> tuple[str, ...]:
    """Return what binds whoever is given the course: all but the refund, which is the giver's."""
    refund = _said(language)[terms.refund_formula]
    return tuple(sentence for sentence in terms_sentences(terms, language) if sentence != refund)


def _said(language: str) -> Mapping[str, str]:
    return _SPOKEN.get(language_for(language).locale.language, _ENGLISH)


def _expiry(terms: Terms, said: Mapping[str, str]) -> str:
    if terms.waits_for_first_use:
        key = "first_use_once" if terms.expires_after_months == 1 else "first_use"
        return said[key].format(count=terms.expires_after_months)
    has_expiry = terms.expires_after_months is not None or terms.expires_on is not None
    return "" if has_expiry else said["no_expiry"]


def _missed(terms: Terms, said: Mapping[str, str]) -> str:
    if terms.no_show is NoShow.ASK:
        return ""
    if terms.no_show is NoShow.CHARGE and terms.forgiven_no_shows:
        key = "forgiven_once" if terms.forgiven_no_shows == 1 else "forgiven"
        return said[key].format(count=terms.forgiven_no_shows)
    return said[terms.no_show]
