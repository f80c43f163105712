"""The clinic's accent, made readable: never below 4.5:1 against white paper (WCAG 2, AA)."""

import re

LEAST_CONTRAST = 4.5
PALE = 1.9
INK = "#1D2526"
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
JADE = "#0F6B5C"


def readable_accent(accent: str) -> str:
    """Darken the clinic's color step by step until it is readable on white; jade if it is not a color.

    One that is very pale would turn to mud, and its tint is none on paper: ink takes its place, in grounds as well.
    """
    red, green, blue = _channels(accent if _HEX.fullmatch(accent) else JADE)
    if _contrast_with_white(red, green, blue) < PALE:
        return INK
    while _contrast_with_white(red, green, blue) < LEAST_CONTRAST:
        red, green, blue = (int(channel * 0.95) for channel in (red, green, blue))
    return f"#{red:02X}{green:02X}{blue:02X}"


def pale_ground(accent: str) -> str:
    """Tint white with the accent, pale enough for a home printer to leave it out."""
    return "#" + "".join(f"{255 - (255 - channel) * 6 // 100:02X}" for channel in _channels(accent))


def contrast_with_white(accent: str) -> float:
    """Return the WCAG contrast ratio of a color on white paper."""
    return _contrast_with_white(*_channels(accent))


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _contrast_with_white(red: int, green: int, blue: int) -> float:
    return 1.05 / (luminance(red, green, blue) + 0.05)


def luminance(red: int, green: int, blue: int) -> float:
    """Return the relative luminance of an sRGB color, 0 for black to 1 for white."""
    return 0.2126 * _linear(red) + 0.7152 * _linear(green) + 0.0722 * _linear(blue)


def _linear(channel: int) -> float:
    share = channel / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
