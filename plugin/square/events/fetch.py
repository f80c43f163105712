"""The object that an event is about."""

from collections.abc import Callable

from plugin.square.client import SquareNotFound
from plugin.square.inbox import object_in
from plugin.square.parsing import Json, square_id


def fetch(ask: Callable[[str], Json], data: Json, name: str, *also_called: str) -> Json:
    """Return the object as Square has it now, or as the event carries it where Square no longer has it.

    Raises SquareNotFound where the event carries none either, SquareFailed.
    """
    object_id = square_id(data.get("id"), f"{name} id")
    try:
        return ask(object_id)
    except SquareNotFound:
        # The event was signed, so the object that it carries is authentic as well.
        found = [object_in(data, one) for one in (name, *also_called)]
        carried = next(filter(None, found), found[-1])
        if carried is None:
            raise
        return carried
