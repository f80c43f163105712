"""A desk that makes quotes, with a printer that writes the content of a paper instead of drawing it."""

from typing import Any

from plugin.courses.quotes.make import NewQuote, make_quote, pay_quote
from plugin.courses.quotes.views import QuoteView, quotes_of_client, read_quote
from plugin.courses.sales.checkout_views import CheckoutView
from plugin.store.selling import Checkout
from tests.courses.agreements.agreeing import Agreeing, write

PUBLIC_URL = "https://desk.example.org"


class Quoting(Agreeing):
    """Makes quotes for one client and package."""

    def quote(self, *, key: str | None = None, **wish: Any) -> QuoteView:
        new = NewQuote(self.client_id, self.package_id, **wish)
        return make_quote(self.store, write, self.desk.act(key=key), new, public_url=PUBLIC_URL)

    def read(self, quote: QuoteView) -> QuoteView:
        return read_quote(self.store, quote.id, now=self.desk.clock())

    def all(self) -> tuple[QuoteView, ...]:
        return quotes_of_client(self.store, self.client_id, now=self.desk.clock())

    def pay(self, quote: QuoteView, **wish: Any) -> CheckoutView:
        return pay_quote(self.store, self.desk.act(), quote.id, **wish)

    def answer(self, checkout_id: str, **values: Any) -> None:
        """Write into the sale what Square answered."""
        with self.store.writing() as session:
            row = session.get_one(Checkout, checkout_id)
            for name, value in values.items():
                setattr(row, name, value)
