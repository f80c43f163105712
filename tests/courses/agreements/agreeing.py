"""A desk that has agreements signed, with a printer that writes the content of a paper instead of drawing it."""

from typing import Any

from invoices.papers import Paper, to_json
from plugin.core.change_of_mind import Channel
from plugin.core.money import Money
from plugin.courses.agreements.prepare import AgreementRules, AgreementView, NewAgreement, prepare_agreement
from plugin.courses.agreements.signing import Signing, sign_agreement
from plugin.courses.catalog.package_edits import edit_package
from plugin.courses.catalog.packages import NewContent, NewPackage
from plugin.courses.sales.checkout_views import CheckoutView
from plugin.courses.sales.checkouts import NewCheckout, start_checkout
from tests.courses.desk import FACIAL, OLGA, SINGLE, Desk

DRAWN = "[[20,100,60,40,110,150,200,60,300,120]]"


def write(paper: Paper, _assets: object = None) -> bytes:
    """Stand in for the printer: other content, other bytes."""
    return to_json(paper).encode()


class Agreeing:
    """Prepares and signs agreements of one client and package."""

    def __init__(
        self, desk: Desk, *, change_of_mind: str = "none", client_id: str = "", **package: Any
    ) -> None:
        self.desk, self.store = desk, desk.store
        self.rules = AgreementRules(change_of_mind)
        self.client_id = client_id or desk.client("Ana Souza", phone="+14155550123", email="ana@example.org")
        self.package_id = desk.package(**package)

    def prepare(self, channel: Channel = "clinic") -> AgreementView:
        new = NewAgreement(self.client_id, self.package_id, channel)
        return prepare_agreement(self.store, write, self.desk.act(), new, self.rules)

    def sign(self, agreement: AgreementView, **wish: Any) -> AgreementView:
        said = {"name": "Ana Souza", "way": "drawn", "drawing": DRAWN, "present": "Deb", **wish}
        if said["way"] != "drawn":
            said["drawing"] = ""
        said.setdefault("shown_sha256", agreement.pdf_sha256)
        return sign_agreement(self.store, write, self.desk.act(), Signing(agreement.id, **said), self.rules)

    def begin(self, *, needs_agreement: bool = True, way: str = "till") -> CheckoutView:
        new = NewCheckout(self.client_id, self.package_id, way)
        return start_checkout(self.store, self.desk.act(), new, needs_agreement=needs_agreement)

    def sell(self) -> str:
        """Sell the course under the checkout that waits for Square POS, and return it."""
        return self.desk.sell(self.package_id)


def reprice(agreeing: Agreeing) -> None:
    """Sell the package for $1,999.00 from now on."""
    dearer = NewPackage("Dearer", Money(199900, "USD"), [NewContent(FACIAL, 12, Money(SINGLE, "USD"))])
    edit_package(agreeing.store, agreeing.desk.act(OLGA), agreeing.package_id, dearer)
