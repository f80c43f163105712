"""How long a paper takes here, in plain WeasyPrint and in Chromium: the same words, rules and fonts for all three."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.resources import files
from itertools import count
from pathlib import Path

from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration

from invoices.pages.density import densities_of
from invoices.pages.fit import fit
from invoices.papers import AftercareSheet, CourseSummary
from invoices.press.html import html_of, own_css, shared_css
from invoices.press.render import VARIANT
from invoices.press.workers import PaperWorkers
from tests.bench.figures import Aim, Figure, Rates, in_turns
from tests.papers.real import paper as real_paper

WARM_UP, AT_ONCE = 2, 8
OURS, PLAIN, CHROMIUM = "Coursekeeper", "plain WeasyPrint", "Chromium"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
Sheet = CourseSummary | AftercareSheet
PAPERS = {"course summary": "summary", "aftercare sheet": "aftercare-facial"}


@dataclass(frozen=True)
class Way:
    """One way to draw a paper; `prepare` does what is not timed."""

    prepare: Callable[[Sheet], Callable[[], bytes]]

    def take_turn(self, paper: Sheet) -> float:
        """Draw one paper, and return its milliseconds."""
        draw = self.prepare(paper)
        began = time.perf_counter()
        if not draw().startswith(b"%PDF"):
            raise RuntimeError("This is no paper: there is nothing to compare.")
        return (time.perf_counter() - began) * 1000


@contextmanager
def our_way() -> Iterator[Way]:
    """Ask a warm worker."""
    with PaperWorkers(timeout_s=60) as workers:
        workers.render(real_paper("summary-0-of-12"))
        yield Way(lambda paper: lambda: workers.render(paper))


def plain_way() -> Way:
    """Keep nothing from one paper to the next, as the library's own first page shows it."""

    def prepare(paper: Sheet) -> Callable[[], bytes]:
        page = page_with_styles(paper)
        return lambda: bytes(
            HTML(string=page).write_pdf(pdf_variant=VARIANT, font_config=FontConfiguration()),
        )

    return Way(prepare)


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

        yield Way(prepare)


def _chromium() -> str | None:
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)


def measure(_folder: Path, rounds: int) -> Iterator[Figure]:
    """Yield the milliseconds of a paper beside the other ways, turn by turn, each round another client."""
    with ExitStack() as stack:
        ways = {OURS: stack.enter_context(our_way()), PLAIN: plain_way()}
        note = ""
        try:
            ways[CHROMIUM] = stack.enter_context(chromium_way())
        except Exception as error:  # whatever keeps a browser from starting, the rest can be compared
            note = f"no Chromium starts: {str(error).splitlines()[0][:40]}"
        for kind, name in PAPERS.items():
            sheet = real_paper(name)
            assert isinstance(sheet, CourseSummary | AftercareSheet)
            turns = _compare(ways, sheet, rounds)
            ours = turns[OURS]
            yield Figure(kind, "ms", ours, PLAIN, turns[PLAIN], Aim(0.6, is_at_most=True))
            yield Figure(kind, "ms", ours, CHROMIUM, turns.get(CHROMIUM, ()), Aim(1, is_at_most=True), note)
    yield _two_workers(rounds)


def _compare(ways: dict[str, Way], paper: Sheet, rounds: int) -> Rates:
    clients = {name: _clients(paper) for name in ways}
    return in_turns(
        {name: lambda name=name: ways[name].take_turn(next(clients[name])) for name in ways},  # type: ignore[misc]
        rounds,
        warm_up=WARM_UP,
    )


def _clients(paper: Sheet) -> Iterator[Sheet]:
    for number in count():
        client = replace(paper, client_name=f"{paper.client_name} {number}")
        if isinstance(client, CourseSummary):
            client = replace(client, balance_url=f"{client.balance_url}{number}")
        yield client


def _two_workers(rounds: int) -> Figure:
    """Draw summaries with one worker and with two; the processors must be there for both."""
    paper = real_paper(PAPERS["course summary"])
    assert isinstance(paper, CourseSummary)
    with (
        PaperWorkers(1, timeout_s=60) as one,
        PaperWorkers(2, timeout_s=60) as two,
        ThreadPoolExecutor(2) as pool,
    ):

        def rate(workers: PaperWorkers) -> float:
            papers = [
                replace(paper, client_name=f"{paper.client_name} {number}") for number in range(AT_ONCE)
            ]
            began = time.perf_counter()
            assert all(pdf.startswith(b"%PDF") for pdf in pool.map(workers.render, papers))
            return AT_ONCE / (time.perf_counter() - began)

        rates = in_turns({"one": lambda: rate(one), "two": lambda: rate(two)}, rounds, warm_up=WARM_UP)
    return Figure("papers, two workers", "a second", rates["two"], "one worker", rates["one"], Aim(1.8))
