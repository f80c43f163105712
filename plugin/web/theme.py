"""The clinic's accent as colors of the screen, light and dark, always readable. Pure; no I/O."""

from __future__ import annotations

from plugin.web.contrast import Colour, contrast, lightness, mixed, parse, with_lightness

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
