"""A course's terms as plain sentences for its papers, in the client's language where we speak it."""

from __future__ import annotations

from collections.abc import Mapping

from plugin.core.terms import NoShow, RefundFormula, Terms

_ENGLISH = {
    "no_expiry": "Your sessions do not expire.",
    "first_use": "Your sessions are valid for {count} months from your first visit.",
    RefundFormula.PRORATED: "Refund: what you paid for the sessions you have not used.",
    RefundFormula.DISCOUNT_FORFEITED: "Refund: what you paid, less the sessions used at the single-visit price.",
    NoShow.CHARGE: "A visit missed without notice counts as used.",
    NoShow.FORGIVE: "A visit missed without notice is not counted.",
    "forgiven_once": "A visit missed without notice counts as used; we look past it once.",
    "forgiven": "A visit missed without notice counts as used; we look past it {count} times.",
}
_SPANISH = {
    "no_expiry": "Sus sesiones no caducan.",
    "first_use": "Sus sesiones valen {count} meses desde su primera visita.",
    RefundFormula.PRORATED: "Reembolso: lo que pagó por las sesiones que no ha usado.",
    RefundFormula.DISCOUNT_FORFEITED: "Reembolso: lo que pagó, menos las sesiones usadas al precio de una visita.",
    NoShow.CHARGE: "Una visita a la que no acuda sin avisar cuenta como usada.",
    NoShow.FORGIVE: "Una visita a la que no acuda sin avisar no se cuenta.",
    "forgiven_once": "Una visita a la que no acuda sin avisar cuenta como usada; la primera no se cuenta.",
    "forgiven": "Una visita a la que no acuda sin avisar cuenta como usada; las primeras {count} no se cuentan.",
}
_SPOKEN: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "es": _SPANISH}


def terms_sentences(terms: Terms, language: str) -> tuple[str, ...]:
    """Return the terms in force, a sentence each; the expiry date stands elsewhere on the paper."""
    said = _SPOKEN.get(language.split("-")[0].lower(), _ENGLISH)
    sentences = [_expiry(terms, said), said[terms.refund_formula], _missed(terms, said)]
    return tuple(sentence for sentence in sentences if sentence)


def _expiry(terms: Terms, said: Mapping[str, str]) -> str:
    if terms.waits_for_first_use:
        return said["first_use"].format(count=terms.expires_after_months)
    has_expiry = terms.expires_after_months is not None or terms.expires_on is not None
    return "" if has_expiry else said["no_expiry"]


def _missed(terms: Terms, said: Mapping[str, str]) -> str:
    if terms.no_show is NoShow.ASK:
        return ""
    if terms.no_show is NoShow.CHARGE and terms.forgiven_no_shows:
        key = "forgiven_once" if terms.forgiven_no_shows == 1 else "forgiven"
        return said[key].format(count=terms.forgiven_no_shows)
    return said[terms.no_show]
