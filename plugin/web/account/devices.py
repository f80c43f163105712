"""The browser and device of a request in words, from the User-Agent header, which anybody may forge."""

from __future__ import annotations

# The first that matches: each browser also names those it descends from.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("FxiOS", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
# An iPad describes itself as a Mac.
_DEVICES = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "an Android device"),
    ("Windows", "a Windows PC"),
    ("CrOS", "a Chromebook"),
    ("Macintosh", "a Mac or iPad"),
    ("Linux", "a Linux PC"),
)


def device_of(user_agent: str) -> str:
    """Return words such as "Safari on an iPhone"; "Unknown browser" where nothing is recognized."""
    browser = next((word for mark, word in _BROWSERS if mark in user_agent), "")
    device = next((word for mark, word in _DEVICES if mark in user_agent), "")
    if browser and device:
        return f"{browser} on {device}"
    return browser or (f"A browser on {device}" if device else "Unknown browser")
