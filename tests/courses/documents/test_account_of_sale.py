"""A sale as an account: Square's sums, each to the cent, and a line of rounding where they leave a rest."""

from dataclasses import replace

import pytest

from invoices.language import language_for
from plugin.courses.documents.content import Account, PackageWords, account_of
from plugin.courses.documents.sale_record import AppliedTax, SaleTax, ServiceCharge, SoldModifier, SoldSale
from tests.courses.documents.sales import sold_line, sold_sale

TAX = SaleTax(uid="T", name="Sales tax", percentage="8.375", is_included=False)
CITY = SaleTax(uid="C", name="City tax", percentage="1", is_included=False)


def _account(sale: SoldSale, language: str = "en") -> Account:
    return account_of(sale, language_for(language), {"L1": PackageWords("Course of 12", "12 × Facial")})


def _adds_up(account: Account) -> bool:
    lines = [row.line for row in account.rows]
    return (
        account.total
        == account.net
        + sum(tax.amount.amount for tax in account.taxes)
        + account.tip
        + account.service_charge
        and account.net == sum(line.net.amount for line in lines)
        and all(line.tax.amount == sum(row.taxes.values()) for row in account.rows for line in (row.line,))
    )


def test_a_package_is_called_by_its_own_name_and_says_what_it_holds() -> None:
    oil = sold_line("L2", 5400, name="Facial oil", variation="Regular")
    first, second = (row.line for row in _account(sold_sale("O", sold_line(), oil)).rows)
    assert (first.description, first.detail, first.position) == ("Course of 12", "12 × Facial", 1)
    assert (second.description, second.detail, second.position) == ("Facial oil", "", 2)


@pytest.mark.parametrize(
    ("line", "called"),
    [
        ({"name": "Oil", "variation": "30 ml"}, "Oil, 30 ml"),
        ({"name": "Oil 30 ml", "variation": "30 ml"}, "Oil 30 ml"),
        ({"name": "", "variation": ""}, "Custom amount"),
        ({"name": "Mask", "modifiers": (SoldModifier(name="Rose", price=200),)}, "Mask, Rose"),
    ],
)
def test_retail_is_called_as_at_the_till(line: dict[str, str], called: str) -> None:
    base = 800 if "modifiers" in line else 1000
    sale = sold_sale("O", sold_line("L2", 1000, unit_price=base, **line))
    [row] = _account(sale).rows
    assert row.line.description == called


def test_it_speaks_the_clients_language_where_square_has_no_word() -> None:
    sale = sold_sale("O", sold_line("L2", 1000, name=""), rounding=2, total=1002)
    assert [row.line.description for row in _account(sale, "es").rows] == [
        "Importe personalizado",
        "Redondeo",
    ]
    assert [row.line.description for row in _account(sale, "zh-Hans").rows] == ["自定义金额", "尾数调整"]


def test_an_odd_cent_of_two_taxes_on_a_line_goes_to_the_last() -> None:
    applied = (AppliedTax(uid="T", amount=837), AppliedTax(uid="C", amount=100))
    line = sold_line("L2", 10938, unit_price=10000, tax=938, taxes=applied)
    account = _account(sold_sale("O", line, taxes=(TAX, CITY)))
    assert {tax.name: tax.amount.amount for tax in account.taxes} == {"Sales tax": 837, "City tax": 101}
    assert [tax.base.amount for tax in account.taxes] == [10000, 10000]
    assert _adds_up(account)


def test_a_tax_that_square_ties_to_no_line_is_the_sales_only_one() -> None:
    line = sold_line("L2", 10800, unit_price=10000, tax=800)
    assert [tax.name for tax in _account(sold_sale("O", line, taxes=(TAX,))).taxes] == ["Sales tax"]
    assert [tax.name for tax in _account(sold_sale("O", line)).taxes] == ["Tax"]


@pytest.mark.parametrize("rest", [-2, 3])
def test_what_square_rounds_is_a_line_of_its_own(rest: int) -> None:
    sale = sold_sale("O", sold_line(total=10000), total=10000 + rest)
    account = _account(sale)
    assert [row.line.total.amount for row in account.rows] == [10000, rest]
    assert account.rows[1].line.description == "Rounding"
    assert _adds_up(account)


@pytest.mark.parametrize("quantity", ["3", "0", "12345678901"])
def test_a_price_of_one_that_does_not_multiply_is_not_told(quantity: str) -> None:
    line = sold_line("L2", 10000, name="Oil", unit_price=5000, quantity=quantity, discount=500)
    [row] = _account(sold_sale("O", line)).rows
    assert (row.line.description, row.line.quantity) == (f"{quantity} × Oil", "1")
    assert (row.line.unit_price.amount, row.line.net.amount) == (10500, 10000)


def test_a_service_charge_without_tax_stands_beside_the_lines() -> None:
    shared = sold_line(total=10500, unit_price=10000, service_charge=500)
    charge = ServiceCharge(name="Late opening", total=1000, tax=0)
    account = _account(sold_sale("O", shared, charges=(charge,), tip=300, total=11800))
    assert (account.service_charge, account.tip, account.net) == (1500, 300, 10000)
    assert len(account.rows) == 1
    assert _adds_up(account)


def test_a_taxed_service_charge_is_a_line() -> None:
    applied = (AppliedTax(uid="T", amount=84),)
    charge = ServiceCharge(name="Late opening", total=1084, tax=84, taxes=applied)
    account = _account(sold_sale("O", sold_line(total=10000), taxes=(TAX,), charges=(charge,), total=11084))
    assert (account.rows[1].line.description, account.rows[1].line.tax.amount) == ("Late opening", 84)
    assert (account.service_charge, account.taxes[0].base.amount) == (0, 1000)
    assert _adds_up(account)


def test_taxes_of_one_name_and_another_rate_are_told_apart() -> None:
    other = replace(TAX, uid="C", percentage="5")
    first = sold_line("L2", 10838, unit_price=10000, tax=838, taxes=(AppliedTax(uid="T", amount=838),))
    second = sold_line("L3", 10500, unit_price=10000, tax=500, taxes=(AppliedTax(uid="C", amount=500),))
    account = _account(sold_sale("O", first, second, taxes=(TAX, other)))
    assert [tax.name for tax in account.taxes] == ["Sales tax 8.375 %", "Sales tax 5 %"]
    assert _adds_up(account)
