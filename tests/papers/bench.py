"""`python -m tests.papers.bench [ROUNDS]`: how long a paper takes here, in plain WeasyPrint and in Chromium.

All three get the same words, rules and fonts, turn by turn, another client each round. Needs what the tests need.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.resources import files
from pathlib import Path

from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration

from invoices.pages.density import densities_of
from invoices.pages.fit import fit
from invoices.papers import AftercareSheet, CourseSummary
from invoices.press.html import html_of, own_css, shared_css
from invoices.press.render import VARIANT
from invoices.press.workers import PaperWorkers
from tests.papers.real import paper as real_paper

ROUNDS = 15
WARM_UP = 2
OURS, PLAIN, CHROMIUM = "Coursekeeper", "plain WeasyPrint", "Chromium"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
Sheet = CourseSummary | AftercareSheet
PAPERS = {"course summary": "summary", "aftercare sheet": "aftercare-facial"}


@dataclass(frozen=True)
class Turn:
    """One paper drawn: by the clock on the wall and, where it can be told, by the processor's."""

    wall_ms: float
    cpu_ms: float | None


@dataclass(frozen=True)
class Way:
    """One way to draw a paper. `prepare` does what is not timed; `cpu_s` tells the processor time used so far."""

    prepare: Callable[[Sheet], Callable[[], bytes]]
    cpu_s: Callable[[], float | None]

    def take_turn(self, paper: Sheet) -> Turn:
        """Draw one paper and time it."""
        draw = self.prepare(paper)
        cpu, wall = self.cpu_s(), time.perf_counter()
        if not draw().startswith(b"%PDF"):
            raise RuntimeError("This is no paper: there is nothing to compare.")
        wall_ms = (time.perf_counter() - wall) * 1000
        cpu_after = self.cpu_s()
        return Turn(wall_ms, None if cpu is None or cpu_after is None else (cpu_after - cpu) * 1000)


@contextmanager
def our_way() -> Iterator[Way]:
    """Ask a warm worker; what it clears up after answering counts as its processor time."""
    with PaperWorkers(timeout_s=60) as workers:
        workers.render(real_paper("summary-0-of-12"))
        (pid,) = workers.pids()
        yield Way(lambda paper: lambda: workers.render(paper), lambda: _cpu_s_of(pid))


def _cpu_s_of(pid: int) -> float | None:
    try:
        nanoseconds = Path(f"/proc/{pid}/schedstat").read_text().split()[0]
    except OSError:
        return None
    return time.process_time() + int(nanoseconds) / 1e9


def plain_way() -> Way:
    """Keep nothing from one paper to the next, as the library's own first page shows it."""

    def prepare(paper: Sheet) -> Callable[[], bytes]:
        page = page_with_styles(paper)
        return lambda: bytes(
            HTML(string=page).write_pdf(pdf_variant=VARIANT, font_config=FontConfiguration()),
        )

    return Way(prepare, time.process_time)


def page_with_styles(paper: Sheet) -> str:
    """Return the paper as HTML, set as densely as it is printed: its styles inside, its fonts from files."""
    fitted = fit(paper)
    fonts = Path(str(files("invoices"))) / "print" / "fonts"
    css = shared_css().replace("app:", f"{fonts.as_uri()}/") + own_css(fitted)
    pages = (
        html_of(fitted, density).replace("</head>", f"<style>{css}</style></head>")
        for density in densities_of(fitted)
    )
    return next(page for page in pages if len(HTML(string=page).render().pages) == 1)


@contextmanager
def chromium_way() -> Iterator[Way]:
    """Print from a fresh page of a browser that runs already. Raises where there is none."""
    # The tests' driver of browsers, which no clinic installs.
    playwright = import_module("playwright.sync_api")
    with ExitStack() as stack:
        file = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "paper.html"
        player = stack.enter_context(playwright.sync_playwright())
        browser = player.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        stack.callback(browser.close)

        def prepare(paper: Sheet) -> Callable[[], bytes]:
            file.write_text(page_with_styles(paper), "utf-8")
            return draw

        def draw() -> bytes:
            page = browser.new_page()
            page.goto(file.as_uri())
            pdf: bytes = page.pdf(prefer_css_page_size=True, tagged=True)
            page.close()
            return pdf

        yield Way(prepare, lambda: None)


def _chromium() -> str | None:
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)


def compare(ways: dict[str, Way], paper: Sheet, rounds: int) -> dict[str, list[Turn]]:
    """Let the ways take turns, each round with another client and in another order."""
    names = list(ways)
    turns: dict[str, list[Turn]] = {name: [] for name in names}
    for number in range(-WARM_UP, rounds):
        client = replace(paper, client_name=f"{paper.client_name} {number}")
        if isinstance(client, CourseSummary):
            client = replace(client, balance_url=f"{client.balance_url}{number}")
        for name in names[number % len(names) :] + names[: number % len(names)]:
            turn = ways[name].take_turn(client)
            if number >= 0:
                turns[name].append(turn)
    return turns


def rows(turns: dict[str, list[Turn]]) -> Iterator[Sequence[str]]:
    """Put the figures of one paper into rows; each ratio is the median of the rounds', so that noise cancels."""
    for name, taken in turns.items():
        walls, cpus = [turn.wall_ms for turn in taken], [turn.cpu_ms for turn in taken if turn.cpu_ms]
        yield (
            name,
            f"{statistics.median(walls):.0f}",
            f"{min(walls):.0f}",
            f"{statistics.median(cpus):.0f}" if cpus else "-",
            f"{min(cpus):.0f}" if cpus else "-",
            _ratio(walls, [turn.wall_ms for turn in turns[PLAIN]]),
            _ratio(cpus, [turn.cpu_ms or 0 for turn in turns[PLAIN]]) if cpus else "-",
        )


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    return f"{statistics.median(one / other for one, other in zip(ours, theirs, strict=True)):.2f}"


def main(arguments: list[str]) -> int:
    rounds = int(arguments[0]) if arguments else ROUNDS
    with ExitStack() as stack:
        ways = {OURS: stack.enter_context(our_way()), PLAIN: plain_way()}
        try:
            ways[CHROMIUM] = stack.enter_context(chromium_way())
        except Exception as error:  # whatever keeps a browser from starting, the rest can be compared
            print(
                f"Without Chromium, which does not start here ({str(error).splitlines()[0]}); see make setup-test."
            )
        print(f"{rounds} rounds; milliseconds; ratios to {PLAIN}")
        heads = ("", "wall median", "wall min", "cpu median", "cpu min", "wall ratio", "cpu ratio")
        for kind, name in PAPERS.items():
            sheet = real_paper(name)
            assert isinstance(sheet, CourseSummary | AftercareSheet)
            _print_row((kind, *heads[1:]))
            for row in rows(compare(ways, sheet, rounds)):
                _print_row(row)
    return 0


def _print_row(cells: Sequence[str]) -> None:
    print(f"{cells[0]:<18}" + "".join(f"{cell:>13}" for cell in cells[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
