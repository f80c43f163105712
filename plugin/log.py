"""Logs of JSON lines on standard error. They contain no name, phone, e-mail address, note, token or query string."""

import logging
import sys
import traceback
from collections.abc import Callable
from typing import Any

import structlog

WEB = "coursekeeper.web"
_SOURCE_FRAMES = 12
_LEVELS = {name.lower(): level for name, level in logging.getLevelNamesMapping().items()}


def json_log(logger: Any = None, *, level: Callable[[], str] = lambda: "info") -> Any:
    """Return a log that writes lines of at least `level`, read at each line; to standard error by default."""

    def drop_below_level(_: object, method: str, event: structlog.typing.EventDict) -> Any:
        if _LEVELS[method] < _LEVELS[level().lower()]:
            raise structlog.DropEvent
        return event

    return structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr) if logger is None else logger,
        processors=[
            drop_below_level,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        cache_logger_on_first_use=True,
    )


def write_web_log_to_stderr() -> None:
    """Write the lines of the web to standard error; inside a host application, the host's logging decides."""
    logger = logging.getLogger(WEB)
    if not logger.handlers:
        logger.addHandler(logging.StreamHandler())
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    # No line says where it was written or by which thread; finding that out is half of writing it
    # (https://docs.python.org/3/howto/logging.html#optimization).
    logging._srcfile = None
    logging.logThreads = logging.logMultiprocessing = False


def where(error: BaseException) -> list[str]:
    """Return where an error was raised, innermost last. Its message is left out: it may quote rows."""
    frames = traceback.extract_tb(error.__traceback__)[-_SOURCE_FRAMES:]
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _short(path: str) -> str:
    return "/".join(path.replace("\\", "/").split("/")[-3:])
