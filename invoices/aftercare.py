"""Aftercare texts: the bundled starting texts, and the parsing of Markdown into sections.

Only headings, paragraphs, lists and emphasis are markup; everything else is plain text. Two more for lines of lists:
`- Make-up | no | light | yes` is a row of the table by time, `- [ ] Arnica` is a line that is switched off.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from markdown_it import MarkdownIt
from markdown_it.token import Token

from invoices.language import language_for
from invoices.pages.fit import GUIDANCE_CAP
from invoices.papers import AftercareText, Block, PaperRefused, Run, Section, SectionRole, TimeRow

GENERAL = "general"
MARKDOWN_CAP = 2 * GUIDANCE_CAP
_HELP = frozenset({"call_us", "see_doctor", "get_help"})
# Tonight, up to 24 and up to 48 hours; or one for all of them.
_CELLS = (1, 3)
_OFF, _ON = re.compile(r"\[ ?\]"), re.compile(r"\[[xX]\]\s*")
_STRONG = re.compile(r"\*\*([^*\n]+?)([，。：；？！、]*)\*\*")


# What a section is for, by how its heading begins, in every language: a clinic may give a Spanish-speaking client its
# English text, and when to call must not get lost in it.
_ROLES: dict[str, SectionRole] = {
    "tonight": "tonight",
    "the first": "first_hours",
    "what to expect": "expect",
    "when to call": "call_us",
    "when to see a doctor": "see_doctor",
    "see a doctor": "see_doctor",
    "when to get help": "get_help",
    "how your course": "runs",
    "before your": "before",
    "esta noche": "tonight",
    "las primeras": "first_hours",
    "qué esperar": "expect",
    "cuándo llamar": "call_us",
    "cuándo ir al médico": "see_doctor",
    "vaya al médico": "see_doctor",
    "cuándo pedir ayuda": "get_help",
    "cómo va su": "runs",
    "antes de su": "before",
    "今晚": "tonight",
    "最初": "first_hours",
    "可能出现的情况": "expect",
    "何时联系我们": "call_us",
    "何时当天就医": "see_doctor",
    "何时就医": "see_doctor",
    "何时立即求助": "get_help",
    "疗程怎样进行": "runs",
    "首次到诊前": "before",
}


@dataclass(frozen=True)
class Source:
    """The source of lines of the starting texts, and what the practitioner must decide about them."""

    line: str
    source: str
    to_decide: str


def sources(language: str) -> tuple[Source, ...]:
    """Return what a practitioner reads before reviewing a starting text, in English where the language has none."""
    known = _texts() / f"SOURCES.{language_for(language).locale.language}.md"
    markdown = (known if known.is_file() else _texts() / "SOURCES.md").read_text("utf-8")
    rows = [line.strip("|").split("|") for line in markdown.splitlines() if line.startswith("|")]
    return tuple(Source(*(cell.strip() for cell in row)) for row in rows[2:])


def starting_text(treatment_slug: str, language: str) -> AftercareText:
    """Read the bundled text; the general one for a treatment without its own."""
    return read_text(starting_markdown(treatment_slug, language))


def starting_markdown(treatment_slug: str, language: str) -> str:
    """Return the Markdown an owner starts editing from, in English where the language has none."""
    spoken = language_for(language).locale.language
    for folder in (_texts() / spoken, _texts() / "en"):
        for slug in (treatment_slug, GENERAL):
            # Compared with what is there, so that no slug can name a file elsewhere.
            if slug in _slugs(folder):
                return (folder / f"{slug}.md").read_text("utf-8")
    raise PaperRefused("There is no aftercare text for “{slug}”.", slug=treatment_slug)


def starting_slugs() -> tuple[str, ...]:
    """List the treatments that have a text of their own."""
    return tuple(sorted(_slugs(_texts() / "en") - {GENERAL}))


def read_text(markdown: str) -> AftercareText:
    """Parse Markdown into sections. Raises PaperRefused without a title or a part on when to call."""
    if len(markdown) > MARKDOWN_CAP:
        raise PaperRefused("An aftercare text may have {most} characters; shorten it.", most=MARKDOWN_CAP)
    title, sections = sections_of(markdown)
    if not title:
        raise PaperRefused("The aftercare text needs a title: a first line such as “# Facial acupuncture”.")
    if not any(section.role == "call_us" and section.blocks for section in sections):
        raise PaperRefused("The aftercare text needs a part “## When to call us” that says when to call.")
    return AftercareText(title=title, sections=sections, reviewed=False)


def sections_of(markdown: str) -> tuple[str, tuple[Section, ...]]:
    """Parse Markdown into its title and its sections; raises PaperRefused for text before the first heading."""
    parser = MarkdownIt("zero", {"html": False}).enable(["heading", "list", "emphasis", "escape"])
    # Markdown ends no strong text between Chinese punctuation and the next word, so the punctuation is moved out.
    return _sections(parser.parse(_STRONG.sub(r"**\1**\2", markdown)))


def guide_text(name: str, language: str) -> tuple[str, tuple[Section, ...]]:
    """Return the title and the sections of a guide, `desk` or `owner`, in `en` or `es`."""
    return sections_of((_texts() / "guides" / language / f"{name}.md").read_text("utf-8"))


def _texts() -> Traversable:
    return files("invoices") / "texts"


def _slugs(folder: Traversable) -> set[str]:
    if not folder.is_dir():
        return set()
    return {file.name.removesuffix(".md") for file in folder.iterdir() if file.name.endswith(".md")}


def _sections(tokens: list[Token]) -> tuple[str, tuple[Section, ...]]:
    """Cut at the headings; text before the first one belongs to no section and is refused."""
    title = ""
    parts: list[tuple[str, list[Token]]] = []
    for before, token in zip([None, *tokens], tokens, strict=False):
        if before and before.type == "heading_open":
            heading = "".join(run.text for run in _runs(token))
            if before.tag == "h1" and not title:
                title = heading
            else:
                parts.append((heading, []))
        elif parts and not token.type.startswith("heading"):
            parts[-1][1].append(token)
        elif token.type == "inline":
            raise PaperRefused(
                "Put a heading such as “## Tonight” before “{words}”.", words=token.content[:40]
            )
    return title, tuple(_section(heading, tuple(_blocks(inside))) for heading, inside in parts)


def _section(heading: str, blocks: tuple[Block, ...]) -> Section:
    """Take the rows of the table out of the lists; the steps of help are lists only."""
    role = _role_of(heading)
    if role in _HELP:
        return Section(role, heading, blocks)
    rows: list[TimeRow] = []
    others: list[Block] = []
    for block in blocks:
        if block.kind != "list":
            others.append(block)
            continue
        found = [_row(item) for item in block.items]
        rows += filter(None, found)
        if lines := tuple(item for item, row in zip(block.items, found, strict=True) if row is None):
            others.append(Block("list", lines))
    return Section(role, heading, tuple(others), tuple(rows))


def _row(item: tuple[Run, ...]) -> TimeRow | None:
    thing, *cells = (each.strip() for each in "".join(run.text for run in item).split("|"))
    return TimeRow(thing, tuple(cells)) if len(cells) in _CELLS and all((thing, *cells)) else None


def odd_rows(markdown: str) -> tuple[str, ...]:
    """Return the lines with bars that are no row of the table, and are printed as they stand."""
    _title, sections = sections_of(markdown)
    items = (item for section in sections for block in section.blocks for item in block.items)
    return tuple(text for item in items if "|" in (text := "".join(run.text for run in item)))


def _role_of(heading: str) -> SectionRole:
    said = heading.casefold()
    return next((role for beginning, role in _ROLES.items() if said.startswith(beginning)), "other")


def _blocks(tokens: list[Token]) -> Iterator[Block]:
    """Each paragraph is a block; a list, with any lists inside it, is one block of lines."""
    lines: list[tuple[Run, ...]] = []
    depth = 0
    for token in tokens:
        if token.type.endswith("_list_open"):
            depth += 1
        elif token.type.endswith("_list_close"):
            depth -= 1
            if depth == 0 and lines:
                yield Block("list", tuple(lines))
                lines = []
        elif token.type == "inline" and depth:
            if not _OFF.match(token.content):
                lines.append(tuple(_runs(_without_switch(token))))
        elif token.type == "inline":
            yield Block("paragraph", (tuple(_runs(token)),))


def _without_switch(token: Token) -> Token:
    """Drop the [x] of a line that can be switched off; emphasis is parsed already, so from its first piece."""
    if _ON.match(token.content) and token.children:
        first = token.children[0]
        first.content = _ON.sub("", first.content, count=1)
    return token


def _runs(token: Token) -> Iterator[Run]:
    styles: list[Run] = []
    for child in token.children or ():
        if child.type == "strong_open":
            styles.append(Run("", "strong"))
        elif child.type == "em_open":
            styles.append(Run("", "emphasis"))
        elif child.type in {"strong_close", "em_close"}:
            styles.pop()
        else:
            text = child.content if child.type.startswith("text") else " "
            if text:
                yield Run(text, styles[-1].style if styles else "plain")
