"""Sizes and errors in words."""

import errno

from sqlalchemy.exc import DBAPIError

from plugin.errors import CoursekeeperError
from plugin.wording import _

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def size_in_words(size: int) -> str:
    """Return a number of bytes as people read it, such as 3.2 MB."""
    amount = float(size)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def error_in_words(error: BaseException) -> str:
    """Return an error as a sentence for people."""
    if isinstance(error, CoursekeeperError):
        return error.message
    if isinstance(error, OSError):
        if error.errno in _NO_ROOM:
            return _("The disk is full. Make room, then try again.")
        return _(
            "{value} can’t be used: {value2}.",
            value=error.filename or _("A file"),
            value2=error.strerror or error,
        )
    if isinstance(error, DBAPIError):
        # It may quote rows.
        return _("The database refused ({name__}).", name__=type(error.orig).__name__)
    first = str(error).partition("\n")[0].rstrip(".")
    return f"{type(error).__name__}: {first}." if first else f"{type(error).__name__}."
