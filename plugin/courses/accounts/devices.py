"""The browser and device of a request in words, from the User-Agent header, which anybody may forge."""

from plugin.wording import N_

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
_SOME_BROWSER, _UNKNOWN = N_("A browser"), N_("Unknown browser")
# Stored in English, and translated when shown. An iPad describes itself as a Mac.
_DEVICES = (
    ("iPhone", N_("{browser} on an iPhone")),
    ("iPad", N_("{browser} on an iPad")),
    ("Android", N_("{browser} on an Android device")),
    ("Windows", N_("{browser} on a Windows PC")),
    ("CrOS", N_("{browser} on a Chromebook")),
    ("Macintosh", N_("{browser} on a Mac or iPad")),
    ("Linux", N_("{browser} on a Linux PC")),
)


def device_of(user_agent: str) -> str:
    """Return words such as "Safari on an iPhone"; "Unknown browser" where nothing is recognized."""
    browser = next((word for mark, word in _BROWSERS if mark in user_agent), "")
    device = next((words for mark, words in _DEVICES if mark in user_agent), "")
    if device:
        return device.format(browser=browser or _SOME_BROWSER[:])
    return browser or _UNKNOWN
