"""What a paper's file is called: safe in every folder, told apart from the others, in the client's own script."""

from __future__ import annotations

import unicodedata
from datetime import date

# A folder takes 255 bytes; what the paper is, the day and the ending stand behind the name.
_LONGEST_NAME = 150
_FORBIDDEN = frozenset('\\/:*?"<>|')


def safe_name(name: str) -> str:
    """Return the name without what a folder refuses or a shell would read, "" where nothing is left."""
    text = unicodedata.normalize("NFC", name)
    kept = "".join(ch for ch in text if ch not in _FORBIDDEN and unicodedata.category(ch)[0] != "C")
    fitting = " ".join(kept.split()).encode()[:_LONGEST_NAME].decode(errors="ignore")
    return fitting.strip(" .-~")


def paper_file_name(client_name: str, called: str, day: date) -> str:
    """Return a name that is found again: "Margaret Osei, course summary, 2026-11-23.pdf"."""
    return ", ".join(part for part in (safe_name(client_name), called, day.isoformat()) if part) + ".pdf"


class Names:
    """Gives each name once; the same again, whatever its capitals, gets a number."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def give(self, name: str) -> str:
        """Return this name, or the first numbered one that is free."""
        stem, dot, ending = name.rpartition(".")
        chosen, number = name, 1
        while chosen.casefold() in self._given:
            number += 1
            chosen = f"{stem} ({number}){dot}{ending}"
        self._given.add(chosen.casefold())
        return chosen
