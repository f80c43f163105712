"""What a package's rule proposes for a missed visit: every rule at its bounds."""

import pytest

from plugin.core.terms import NoShow, Terms, no_show_offer

ASK, CHARGE, FORGIVE = NoShow


@pytest.mark.parametrize(
    ("rule", "allowed", "forgiven", "proposed"),
    [
        (ASK, 0, 0, None),
        (ASK, 2, 1, None),
        (CHARGE, 0, 0, CHARGE),
        (CHARGE, 1, 0, FORGIVE),
        (CHARGE, 1, 1, CHARGE),
        (CHARGE, 2, 1, FORGIVE),
        (CHARGE, 2, 2, CHARGE),
        (CHARGE, 2, 3, CHARGE),
        (FORGIVE, 0, 0, FORGIVE),
        (FORGIVE, 0, 5, FORGIVE),
        (FORGIVE, 1, 5, FORGIVE),
    ],
)
def test_the_rule_proposes(rule: NoShow, allowed: int, forgiven: int, proposed: NoShow | None) -> None:
    offer = no_show_offer(Terms(no_show=rule, forgiven_no_shows=allowed), forgiven)
    assert (offer.rule, offer.proposed, offer.forgiven, offer.allowed) == (rule, proposed, forgiven, allowed)
