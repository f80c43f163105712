"""Net and gross: the ledger's part of a sale, and what the client paid for it, tax included. Pure; no I/O."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Charge:
    """What was charged for a course, minor units: `net` is its price in the ledger, `tax` is all tax on it.

    `tax_in_price` is the part of the tax that listed prices contain; the rest was added to them. Where no tax
    was recorded, `is_tax_known` is False and net is used as gross.
    """

    net: int
    tax: int = 0
    tax_in_price: int = 0
    is_tax_known: bool = True

    @property
    def gross(self) -> int:
        """Return what the client was charged, tax included."""
        return self.net + self.tax

    @property
    def listed(self) -> int:
        """Return the charge as prices are listed: including the tax they contain, excluding the tax added."""
        return self.net + self.tax_in_price

    def gross_of(self, net: int) -> int:
        """Return a net amount of this sale plus its tax."""
        return _scaled(net, self.gross, self.net)

    def net_of(self, gross: int) -> int:
        """Return an amount of this sale without its tax."""
        return _scaled(gross, self.net, self.gross)

    def gross_of_listed(self, listed: int) -> int:
        """Return a listed price, such as that of a single visit, with the tax rate of this sale."""
        return _scaled(listed, self.gross, self.listed)

    def listed_of(self, gross: int) -> int:
        """Return an amount of this sale as prices are listed, such as a credit taken off a price."""
        return _scaled(gross, self.listed, self.gross)


def _scaled(amount: int, to: int, base: int) -> int:
    """Return amount x to / base, rounded once, half up; the amount itself where nothing was charged."""
    return amount if base == 0 else (2 * amount * to + base) // (2 * base)
