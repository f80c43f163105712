"""A course's terms as plain sentences for its papers, in the client's language where we speak it."""

from __future__ import annotations

from plugin.core.terms import NoShow, RefundFormula, Terms

_ENGLISH = {
    "no_expiry": "Your sessions do not expire.",
    RefundFormula.PRORATED: "Refund: what you paid for the sessions you have not used.",
    RefundFormula.DISCOUNT_FORFEITED: (
        "Refund: what you paid, less the sessions used at the single-visit price."
    ),
    NoShow.ASK: "",
    NoShow.CHARGE: "A visit missed without notice counts as used.",
    NoShow.FORGIVE: "A visit missed without notice is not counted.",
}


def terms_sentences(terms: Terms, language: str) -> tuple[str, ...]:  # noqa: ARG001 - further languages follow
    """Return the terms in force, a sentence each; the expiry date stands elsewhere on the paper."""
    has_expiry = terms.expires_after_months is not None or terms.expires_on is not None
    sentences = [
        "" if has_expiry else _ENGLISH["no_expiry"],
        _ENGLISH[terms.refund_formula],
        _missed(terms),
    ]
    return tuple(sentence for sentence in sentences if sentence)


def _missed(terms: Terms) -> str:
    said = _ENGLISH[terms.no_show]
    if terms.no_show is NoShow.CHARGE and terms.forgiven_no_shows:
        many = "once" if terms.forgiven_no_shows == 1 else f"{terms.forgiven_no_shows} times"
        return f"A visit missed without notice counts as used; we look past it {many}."
    return said
