"""Seller and buyer of an electronic invoice."""

from drafthorse.models.party import TaxRegistration, TradeParty  # type: ignore[import-untyped]  # it ships no types

from invoices.e_invoice.eligibility import registration
from invoices.e_invoice.xml_format import plain
from invoices.papers import Clinic, Party


def write_seller(seller: TradeParty, clinic: Clinic) -> None:
    """Write the seller's name, address and tax number."""
    scheme, number = registration(clinic)
    name, legal_name = plain(clinic.name), plain(clinic.legal_name or clinic.name)
    if scheme != "VA":
        # The buyer must be able to identify the seller; only a VAT identifier does that by itself (BR-CO-26).
        seller.id = plain(number)
    seller.name = legal_name
    if name != legal_name:
        seller.legal_organization.trade_name = name
    _write_address(seller, clinic.address_lines, clinic.country)
    if clinic.phone:
        seller.contact.telephone.number = plain(clinic.phone)
    if clinic.email:
        seller.contact.email.address = plain(clinic.email)
        seller.electronic_address.uri_ID = ("EM", plain(clinic.email))
    registered = TaxRegistration()
    registered.id = (scheme, plain(number))
    seller.tax_registrations.add(registered)


def write_buyer(buyer: TradeParty, billed: Party, home: str) -> None:
    """Write the buyer; `home` is the clinic's country."""
    buyer.name = plain(billed.name)
    # The norm requires a country; clients are served in the clinic's.
    _write_address(buyer, billed.address_lines, billed.country or home)
    if billed.email:
        buyer.electronic_address.uri_ID = ("EM", plain(billed.email))


def _write_address(party: TradeParty, lines: tuple[str, ...], country: str) -> None:
    first, second, *more = [plain(line) for line in lines if line] + ["", ""]
    party.address.line_one, party.address.line_two = first, second
    party.address.line_three = ", ".join(filter(None, more))
    party.address.country_id = country
