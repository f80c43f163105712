"""The clinic's names in the languages of its clients: of packages, treatments, focus areas and add-ons; and its
sentences on parking and entrance.

A translation belongs to the name itself, as in a gettext catalog: a course that was sold under an older name
keeps that name's translation, and what was issued keeps its words.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import String, bindparam, cast, delete, literal, select
from sqlalchemy.orm import Session

from invoices.language import LANGUAGES, language_for
from plugin.core.text import NAME_LENGTH, folded, optional
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.work import Work, allowed
from plugin.errors import InvalidField
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.tables import Clinic, NameTranslation, Package, Treatment, VisitOption
from plugin.wording import _

# By language; "" or a missing one: the main name is used.
NamesByLanguage = Mapping[str, str]


class Names:
    """The names in one language; a name without a translation stays as it is."""

    def __init__(self, texts: Mapping[str, str], spoken: str) -> None:
        self._texts = {folded(name): text for name, text in texts.items()}
        self.spoken = spoken

    def __call__(self, name: str) -> str:
        return self._texts.get(folded(name), name)

    def listed(self, names: Iterable[str]) -> str:
        """Return several names in one line."""
        return language_for(self.spoken).with_comma(*map(self, names))


MAIN_NAMES = Names({}, "en")


def names_in(session: Session, language: str) -> Names:
    """Return the names in the language of a tag such as es-MX, in one statement."""
    spoken = language_for(language).locale.language
    rows = select(NameTranslation.name, NameTranslation.text).where(NameTranslation.language == spoken)
    return Names(dict(session.execute(rows).all()), spoken)


def translations_in(session: Session, names: Collection[str]) -> dict[str, dict[str, str]]:
    """Return the translations of these names, each by language."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    session.flush()
    for name, language, text in _TRANSLATIONS.all(session.connection(), {"names": list(names)}):
        found[name][language] = text
    return {name: found.get(name, {}) for name in names}


_TRANSLATIONS = Prepared(
    select(NameTranslation.name, NameTranslation.language, NameTranslation.text).where(
        NameTranslation.name.in_(bindparam("names", expanding=True))
    )
)


def checked_names(names: NamesByLanguage) -> dict[str, str]:
    """Return the translations cleaned, without empty ones; raises InvalidField."""
    if unknown := set(names).difference(LANGUAGES):
        raise InvalidField(
            _("Names are in {names}, not in {min}.", names=", ".join(LANGUAGES), min=min(unknown)),
            field="names",
        )
    clean = {
        language: optional(text, field=f"name_{language}", called=_("The name"), most=NAME_LENGTH)
        for language, text in names.items()
    }
    return {language: text for language, text in clean.items() if text}


def save_names_in(work: Work, name: str, names: NamesByLanguage) -> None:
    """Replace the translations of a name, and record what changed."""
    before, after = translations_in(work.session, [name])[name], checked_names(names)
    if before == after:
        return
    work.session.execute(delete(NameTranslation).where(NameTranslation.name == name))
    work.session.add_all(
        NameTranslation(name=name, language=language, text=text) for language, text in after.items()
    )
    record_in(work, Did.NAMES_CHANGED, name=name, before=_lines(before), after=_lines(after))
    work.session.flush()


def _lines(names: NamesByLanguage) -> str:
    return "\n".join(f"{language}: {names[language]}" for language in LANGUAGES if names.get(language))


@dataclass(frozen=True, slots=True)
class NamedThing:
    """A name of the clinic's with its translations; `kind` is package, treatment, focus, add_on or arrival."""

    kind: str
    name: str
    texts: NamesByLanguage


@dataclass(frozen=True, slots=True)
class TypedName:
    """A translation as typed, and as the page showed it before."""

    name: str
    language: str
    was: str
    text: str


def named_things(store: Store) -> tuple[NamedThing, ...]:
    """Return what clients read: names of packages and lists in use, of all treatments, and how to find the clinic."""
    packages = select(literal("package"), Package.name, Package.id).where(Package.is_active.is_(True))
    treatments = select(literal("treatment"), Treatment.name, Treatment.name)
    place = VisitOption.kind + cast(VisitOption.position + 1000, String)
    arrivals = (
        select(literal("arrival"), said, literal("")).where(said != "")
        for said in (Clinic.parking, Clinic.entrance)
    )
    options = select(VisitOption.kind, VisitOption.name, place).where(VisitOption.retired_at.is_(None))
    with store.reading() as session:
        rows = [
            (kind, name)
            for query in (packages, treatments, options, *arrivals)
            for kind, name, _other in sorted(session.execute(query).all(), key=lambda row: row[2])
        ]
        texts = translations_in(session, [name for _other, name in rows])
    return tuple(NamedThing(kind, name, texts[name]) for kind, name in dict.fromkeys(rows))


@allowed()
def save_names(work: Work, typed: Iterable[TypedName]) -> int:
    """Save the translations that differ from what the page showed; return of how many names.

    Raises InvalidField, also for one that another person changed meanwhile. Issued papers keep their words.
    """
    changed = [each for each in typed if each.text != each.was]
    by_name: defaultdict[str, list[TypedName]] = defaultdict(list)
    for each in changed:
        by_name[each.name].append(each)
    known = translations_in(work.session, list(by_name))
    for name, texts in by_name.items():
        for each in texts:
            _check_unchanged(known[name].get(each.language, ""), each)
        new = {each.language: each.text for each in texts}
        save_names_in(work, name, {**known[name], **new})
    return len(by_name)


def _check_unchanged(now: str, typed: TypedName) -> None:
    if now not in (typed.was, typed.text):
        said = _("Another person changed this to “{now}” meanwhile. Save again to replace it.", now=now)
        raise InvalidField(said, field=f"{typed.language}:{typed.name}")
