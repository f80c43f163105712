"""The code of a gift voucher: unguessable, easy to read aloud and to type. Pure; no I/O."""

import secrets

from plugin.core.text import in_fours, plain_code
from plugin.errors import InvalidField
from plugin.wording import _

# Without characters easily confused: 0 and O, 1 and I and L, U and V.
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12


def new_code() -> str:
    """Return an unguessable code: one of 30 to the power of 12."""
    return "".join(secrets.choice(LETTERS) for _other in range(LENGTH))


def written_code(code: str) -> str:
    """Return the code as printed on the voucher, in groups of four."""
    return in_fours(code)


def typed_code(typed: str) -> str:
    """Return the code that was typed, ignoring case and dashes; raises InvalidField for no code."""
    plain = plain_code(typed)
    if not plain:
        raise InvalidField(_("The voucher’s code is missing."), field="code")
    if len(plain) != LENGTH or any(ch not in LETTERS for ch in plain):
        said = _(
            "A voucher’s code has 12 letters and digits, such as 7KQM-X3FD-92HT; no O, I, L or U, no 0 or 1."
        )
        raise InvalidField(said, field="code")
    return plain
