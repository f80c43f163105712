"""Begin a sale by payment link for a client, e-mailed where it can be."""

from dataclasses import replace

from plugin.courses.base.work import Work
from plugin.courses.clients.clients import known_client_in
from plugin.courses.sales.checkouts import begin_checkout
from plugin.courses.sales.new_checkout import NewCheckout
from plugin.store.selling import Checkout


def begin_link(
    work: Work, client_id: str, package_id: str, *, is_mailed: bool, needs_agreement: bool
) -> Checkout:
    """Begin the sale; raises NotFound or Refused.

    `is_mailed`: the link goes to the client's address. Call it with the row locked that holds the sale, so that it
    begins once.
    """
    client = known_client_in(work.session, client_id)
    new = NewCheckout(client.id, package_id, "link")
    if is_mailed and client.email and not client.mail_problem:
        new = replace(new, mail_to=client.email)
    return begin_checkout(work, new, needs_agreement=needs_agreement)
