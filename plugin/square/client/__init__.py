"""The client of Square's API, built on its SDK; the only place that opens connections to Square.

Answers are plain dicts; `plugin.square.models` reads them.
"""

from plugin.square.client.asking import SquareNotFound
from plugin.square.client.calls import SquareClient

__all__ = ["SquareClient", "SquareNotFound"]
