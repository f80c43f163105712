"""What a package's rule proposes for a missed visit. A person decides: nothing is charged automatically."""

from dataclasses import dataclass

from plugin.core.terms import NoShow, Terms


@dataclass(frozen=True, slots=True)
class NoShowOffer:
    """The rule of one course and the visits forgiven so far; `proposed` is None where it leaves that open."""

    rule: NoShow
    forgiven: int
    allowed: int
    proposed: NoShow | None


def no_show_offer(terms: Terms, forgiven: int) -> NoShowOffer:
    """Return what the terms propose after so many missed visits were forgiven."""
    return NoShowOffer(terms.no_show, forgiven, terms.forgiven_no_shows, _proposed(terms, forgiven))


def _proposed(terms: Terms, forgiven: int) -> NoShow | None:
    if terms.no_show is NoShow.ASK:
        return None
    # As printed on the papers: a missed visit counts, and the first ones are forgiven.
    if terms.no_show is NoShow.CHARGE and forgiven >= terms.forgiven_no_shows:
        return NoShow.CHARGE
    return NoShow.FORGIVE
