"""A paper worker: `python -m invoices.press.worker MEMORY_MB FOLDER`, started by PaperWorkers, never by hand.

Reads papers as JSON frames on standard input and answers with PDF frames; ends when its input does.
"""

import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from importlib import import_module
from queue import SimpleQueue
from threading import Thread
from types import ModuleType
from typing import IO, Any

from invoices.papers import Paper, PaperRefused
from invoices.press.protocol import FAILED, PDF, READY, REFUSED, read_frame, read_request, write_frame


class _Late(ModuleType):
    """Stands for a module of which functions and classes are called, and nothing else is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*args: Any, **named: Any) -> Any:
            return getattr(import_module(self.__name__), name)(*args, **named)

        return call


@contextmanager
def loaded_late(*names: str) -> Iterator[None]:
    """Give what is imported within the block stand-ins for these modules, unless they are loaded already."""
    stand_ins = {name: _Late(name) for name in names if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]


Draw = Callable[[Paper, Mapping[str, bytes]], bytes]


def main(memory_mb: int, folder: str, draw: Draw | None = None) -> None:
    """Warm up, report ready, and draw papers until the owner closes; `draw` is the renderer by default."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tempfile.tempdir = folder
    asked, answers = private_streams()
    papers: SimpleQueue[bytes] = SimpleQueue()
    # A thread of its own notices the owner's end even while a paper is being drawn: no orphan is left.
    Thread(target=_listen, args=(asked, papers, folder), daemon=True).start()
    try:
        import resource  # Windows has none.

        limit = memory_mb * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    except (ImportError, OSError, ValueError) as error:
        print(f"This platform sets no memory limit for paper workers: {error}", file=sys.stderr)
    draw = draw or _warm_renderer()
    write_frame(answers, READY)
    while True:
        answer = _answer(papers.get(), draw)
        write_frame(answers, answer)
        # No one waits now: collect the garbage of the last paper before the next request.
        gc.collect()


def private_streams() -> tuple[IO[bytes], IO[bytes]]:
    """Reserve the two pipes; whatever a library prints is written to standard error instead."""
    asked, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return asked, answers


def _listen(asked: IO[bytes], papers: SimpleQueue[bytes], folder: str) -> None:
    while (paper := read_frame(asked)) is not None:
        papers.put(paper)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _warm_renderer() -> Draw:
    """Load fonts and styles by drawing once, then disable garbage collection while a paper is drawn."""
    # The limits of memory and time are set before WeasyPrint is loaded.
    from invoices.aftercare import GENERAL, starting_text
    from invoices.papers import AftercareSheet, Clinic

    with loaded_late("fontTools.subset", "fontTools.varLib.instancer"):
        # WeasyPrint loads those, 10 MB, for variable fonts, which ours are not, and for machines where HarfBuzz can’t
        # cut fonts.
        from invoices.press.render import render

    text = starting_text(GENERAL, "en")
    nobodys = AftercareSheet(
        clinic=Clinic(name="Clinic"),
        client_name="Nobody",
        visited_on=date.min,
        treatment=text.title,
        text=text,
    )
    render(nobodys)
    gc.collect()
    gc.freeze()
    gc.disable()
    return render


def _answer(request: bytes, draw: Draw) -> bytes:
    try:
        return PDF + draw(*read_request(request))
    except PaperRefused as refusal:
        return REFUSED + str(refusal).encode("utf-8", "replace")
    except Exception as error:  # the owner decides whether to try again; this process stays usable
        return FAILED + f"{type(error).__name__}: {error}"[:500].encode("utf-8", "replace")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
