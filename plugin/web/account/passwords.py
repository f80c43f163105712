"""Password hashing with argon2id, in the smaller profile of the OWASP sheet: 19 MiB, two passes.

What a password must be follows NIST SP 800-63B: a length, and none that is common or made of what is known about
the person; no rules about kinds of characters, and no expiry.
"""

import re
import unicodedata
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from plugin.errors import InvalidField
from plugin.web.translations import N_, _

MEMORY_KIB = 19456
PASSES = 2
SHORTEST = 10
# Longer ones only waste our time: an attacker could send a megabyte.
LONGEST = 200
# zxcvbn's scale from 0 to 4: at 3, a stolen hash of this cost is out of reach of guessing.
_SCORE = 3
# zxcvbn takes no more; a longer password is judged by its beginning.
_JUDGED = 72

HASHER = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1)
# What zxcvbn says of a password, to be found by gettext.
WARNINGS = (
    N_("This password is easy to guess."),
    N_("Straight rows of keys are easy to guess."),
    N_("Short keyboard patterns are easy to guess."),
    N_('Repeats like "aaa" are easy to guess.'),
    N_('Repeats like "abcabcabc" are only slightly harder to guess than "abc".'),
    N_('Sequences like "abc" or "6543" are easy to guess.'),
    N_("Recent years are easy to guess."),
    N_("Dates are often easy to guess."),
    N_("This is a top-10 common password."),
    N_("This is a top-100 common password."),
    N_("This is a very common password."),
    N_("This is similar to a commonly used password."),
    N_("A word by itself is easy to guess."),
    N_("Names and surnames by themselves are easy to guess."),
    N_("Common names and surnames are easy to guess."),
)


def hash_password(password: str, about: Iterable[str] = ()) -> str:
    """Return the hash to store; raises InvalidField for a password that `refuse_weak` refuses."""
    refuse_weak(password, about)
    return HASHER.hash(typed(password))


def refuse_weak(password: str, about: Iterable[str] = (), *, field: str = "password") -> None:
    """Raise InvalidField for a password that is too short or long, or easy to guess.

    `about`: what is known of the person, such as name, e-mail address and clinic.
    """
    if len(password) < SHORTEST:
        raise InvalidField(
            _("A password has at least {shortest} characters.", shortest=SHORTEST), field=field
        )
    if len(password) > LONGEST:
        raise InvalidField(_("A password has at most {longest} characters.", longest=LONGEST), field=field)
    # Its word lists take a moment to load, and most processes judge no password.
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # ships no types

    known = _known_words(about)
    if _letters(password) in known:
        raise InvalidField(
            _("A password is not a name or an e-mail address with digits around it."), field=field
        )
    judged = zxcvbn(typed(password)[:_JUDGED], user_inputs=sorted(known))
    if judged["score"] < _SCORE:
        reason = _(judged["feedback"]["warning"] or "This password is easy to guess.")
        raise InvalidField(_("{reason}. Add another word or two.", reason=reason.rstrip(".")), field=field)


def _letters(text: str) -> str:
    return re.sub(r"[\W\d_]+", "", typed(text).casefold())


def _known_words(about: Iterable[str]) -> set[str]:
    """Return the names, their words, and the words in one."""
    words: set[str] = set()
    for text in about:
        parts = [part for part in re.split(r"[\W_]+", text.casefold()) if len(part) > 1]
        words |= {text.casefold(), _letters(text), *parts}
    return words - {""}


def fits(password: str, password_hash: str) -> bool:
    if len(password) > LONGEST:
        return False
    try:
        return HASHER.verify(password_hash, typed(password))
    except (VerificationError, InvalidHashError):
        return False


def typed(password: str) -> str:
    """Return the password in the form that is hashed."""
    # The same keys produce different code points on a Mac and on an iPad.
    return unicodedata.normalize("NFKC", password)
