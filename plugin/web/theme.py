"""The clinic's accent as colors of the screen, light and dark, always readable (WCAG 2). Pure; no I/O."""

import colorsys
import re
from dataclasses import dataclass

from invoices.pages.colour import JADE, luminance

_HEX = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})\Z")


@dataclass(frozen=True, slots=True)
class Colour:
    """An sRGB color; prints as CSS writes it."""

    red: int
    green: int
    blue: int

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def luminance(self) -> float:
        """Return the relative luminance, 0 for black to 1 for white."""
        return luminance(self.red, self.green, self.blue)


def parse(text: str) -> Colour:
    """Parse #RRGGBB; anything else gives our jade."""
    found = _HEX.match(text) or _HEX.match(JADE)
    assert found is not None
    red, green, blue = (int(part, 16) for part in found.groups())
    return Colour(red, green, blue)


def mixed(colour: Colour, ground: Colour, share: float) -> Colour:
    """Blend `share` of the color over the ground."""
    pairs = zip((colour.red, colour.green, colour.blue), (ground.red, ground.green, ground.blue), strict=True)
    red, green, blue = (round(over * share + under * (1 - share)) for over, under in pairs)
    return Colour(red, green, blue)


def with_lightness(colour: Colour, lightness: float, *, most_saturation: float = 1.0) -> Colour:
    """Return the hue at another lightness, 0 to 1; limit the saturation: light saturated colors glare."""
    hue, _, saturation = colorsys.rgb_to_hls(colour.red / 255, colour.green / 255, colour.blue / 255)
    shares = colorsys.hls_to_rgb(hue, lightness, min(saturation, most_saturation))
    red, green, blue = (round(share * 255) for share in shares)
    return Colour(red, green, blue)


def lightness(colour: Colour) -> float:
    """Return the lightness, 0 to 1."""
    return colorsys.rgb_to_hls(colour.red / 255, colour.green / 255, colour.blue / 255)[1]


def contrast(one: Colour, other: Colour) -> float:
    lighter, darker = sorted((one.luminance, other.luminance), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


# The backgrounds of tokens.css that the accent is read on.
PAPER_LIGHT = Colour(0xFB, 0xFA, 0xF7)
SURFACE_DARK = Colour(0x1B, 0x22, 0x23)
WHITE = Colour(255, 255, 255)
BLACK = Colour(0, 0, 0)
NIGHT = Colour(0x0B, 0x1A, 0x17)
LEAST = 4.5
_STEPS = 40


def sheet(accent: str) -> str:
    """Return the CSS custom properties for the accent on all screens."""
    light, dark = (
        _properties(for_light(accent), PAPER_LIGHT, 0.11),
        _properties(for_dark(accent), SURFACE_DARK, 0.22),
    )
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"


def for_light(accent: str) -> Colour:
    """Darken the accent as little as needed to read on its own pale background (WCAG 2, AA)."""
    colour = parse(accent)
    for step in range(_STEPS + 1):
        darker = mixed(BLACK, colour, step / _STEPS)
        if contrast(darker, mixed(darker, PAPER_LIGHT, 0.11)) >= LEAST:
            return darker
    return BLACK


def for_dark(accent: str) -> Colour:
    """Lighten the accent until it reads on its own dark background; same hue, limited saturation."""
    colour = parse(accent)
    start = max(lightness(colour), 0.5)
    for step in range(_STEPS + 1):
        lighter = with_lightness(colour, start + (1 - start) * step / _STEPS, most_saturation=0.42)
        if contrast(lighter, mixed(lighter, SURFACE_DARK, 0.22)) >= LEAST:
            return lighter
    return WHITE


def _properties(accent: Colour, ground: Colour, share: float) -> str:
    over = max((WHITE, NIGHT), key=lambda ink: contrast(ink, accent))
    return (
        f"--accent:{accent};--on-accent:{over};"
        f"--accent-pale:{mixed(accent, ground, share)};--accent-strong:{mixed(over, accent, 0.14)}"
    )
