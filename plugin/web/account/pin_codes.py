"""PINs: which are accepted, and their hashes, which are worth nothing without our secret key."""

import hashlib
import hmac
from itertools import pairwise

from plugin.errors import InvalidField
from plugin.settings import Settings
from plugin.web.account.passwords import HASHER, fits
from plugin.web.translations import _

SHORTEST, LONGEST = 4, 6


def hash_pin(settings: Settings, staff_id: str, pin: str) -> str:
    """Return the hash to store; raises InvalidField for a PIN that is none, or that is guessed first."""
    if not (SHORTEST <= len(pin) <= LONGEST and pin.isascii() and pin.isdecimal()):
        raise InvalidField(
            _("A PIN has {shortest} to {longest} digits.", shortest=SHORTEST, longest=LONGEST), field="pin"
        )
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    if steps in ({0}, {1}, {-1}):
        raise InvalidField(_("That PIN is guessed first. Choose one that is no row of digits."), field="pin")
    return HASHER.hash(keyed(settings, staff_id, pin))


def pin_fits(settings: Settings, staff_id: str, pin: str, pin_hash: str) -> bool:
    """Return whether this is the person's PIN."""
    return len(pin) <= LONGEST and fits(keyed(settings, staff_id, pin), pin_hash)


def keyed(settings: Settings, staff_id: str, pin: str) -> str:
    """Return what is hashed of a PIN."""
    # A million PINs are tried in a day: a copy of the database alone must not tell them.
    key = settings.secret_key.get_secret_value().encode()
    return hmac.new(
        key,
        f"pin {staff_id} {pin}".encode("utf-8", "surrogatepass"),
        hashlib.sha256,
    ).hexdigest()
