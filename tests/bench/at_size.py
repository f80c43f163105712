"""What a clinic of a hundred times the size changes, and what a served one answers under load: measured and printed."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.big import build
from tests.bench.http import AIMS, measure_http
from tests.bench.pages import PageTimes, measure_live, measure_pages
from tests.bench.postgres import AIM, measure_postgres


def at_size(folder: Path, size: int, rounds: int) -> dict[str, Any]:
    """Measure a clinic of one thousand clients and one of `size` thousand; print tables, and return the figures."""
    began, load = time.monotonic(), os.getloadavg()
    small_url = f"sqlite:///{folder / 'small.db'}"
    small, big = build(small_url, 1), build(f"sqlite:///{folder / 'big.db'}", size)
    built_s = time.monotonic() - began
    print(
        f"\nA clinic of {size},000 clients was made in {built_s:.0f} s; load {load[0]:.1f} before.",
        flush=True,
    )
    pages = measure_pages(small, big, rounds)
    _print_pages(pages, size)
    asked, empty = measure_live(big, rounds)
    print(
        f"\nlive question: {asked:.1f} ms of processor, an empty view {empty:.1f} ms, {asked / empty:.1f} times"
    )
    rates = measure_http(small, small_url, folder, rounds)
    _print_rates(rates)
    ours, plain = measure_postgres(rounds)
    print(
        f"\n8 clients on PostgreSQL: {_rate(ours)} uses a second, psycopg alone {_rate(plain)},"
        f" ratio {median(ours) / median(plain):.2f}, aim {AIM}"
    )
    return {
        "size": size,
        "load": {"before": load[0], "after": os.getloadavg()[0]},
        "built_s": round(built_s),
        "pages": [asdict(each) for each in pages],
        "live_ms": {"asked": asked, "empty": empty},
        "http": {"rates": rates, "aims": AIMS},
        "postgresql": {"ours": ours, "raw": plain, "aim": AIM},
    }


def _print_pages(pages: list[PageTimes], size: int) -> None:
    print(
        f"\n{'milliseconds':30}{'1x':>8}{'(middle)':>15}{f'{size}x':>9}{'(middle)':>18}{'ratio':>7}{'aim':>6}"
    )
    for each in pages:
        small, big = (f"{low:.0f}-{high:.0f}" for low, high in (each.small_range, each.big_range))
        aim = each.aim or ""
        print(f"{each.name:30}{each.small:8.0f}{small:>15}{each.big:9.0f}{big:>18}{each.ratio:7.1f}{aim:>6}")


def _print_rates(rates: dict[str, list[float]]) -> None:
    print(f"\n{'requests a second':24}{'median (spread)':>18}{'of empty':>10}{'aim':>6}")
    empty = median(rates["empty view"])
    for name, each in rates.items():
        print(f"{name:24}{_rate(each):>18}{median(each) / empty:10.2f}{AIMS.get(name, ''):>6}")


def _rate(rates: list[float]) -> str:
    return f"{median(rates):.0f} ({min(rates):.0f}-{max(rates):.0f})"
