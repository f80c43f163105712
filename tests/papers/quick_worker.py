"""A paper worker that draws nothing and answers at once, for tests of how workers start, wear out and end."""

import sys
from collections.abc import Mapping

from invoices.papers import Paper, to_json
from invoices.press.worker import main


def quick(paper: Paper, _assets: Mapping[str, bytes]) -> bytes:
    """Return what stands for the PDF of a fitted paper."""
    return b"%PDF " + to_json(paper).encode("ascii")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], quick)
