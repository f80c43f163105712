"""Every word that staff read comes from the catalog: in a language of Cyrillic letters, pages hold no Latin ones."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from sqlalchemy import select, update

from plugin.courses.journal.accounts import ROLES
from plugin.services import Services
from plugin.store.tables import METADATA, Staff
from tests import pseudo_language
from tests.clock import HandMovedClock
from tests.courses.appointments import Appointments
from tests.courses.clinic import Somebody
from tests.courses.desk import Desk
from tests.pseudo_language import marked
from tests.web.page import Page
from tests.web.visitor import Visitor

# Columns of what the clinic, its clients or Square named or wrote themselves, in whatever table they are.
_PEOPLE = ("name", "giver_name", "recipient_name", "customer_name", "team_member_name", "printed_name", "by")
_OWN = (
    *(
        "accounts",
        "mail_problem",
        "reason",
        "address",
        "address_lines",
        "code",
        "concern",
        "email",
        "focus",
        "legal_name",
        "license",
        "mail_to",
    ),
    *(
        "merchant_name",
        "message",
        "note",
        "number",
        "observations",
        "package_name",
        "points",
        "postal_address",
    ),
    *(
        "present",
        "prefix",
        "service_name",
        "sounds_like",
        "tax_id",
        "tender",
        "time_zone",
        "treatment",
        "website",
    ),
    "words",
)
# Names, also of languages in their own, of time zones and of levels of a log; and what is read as it stands.
_NAMES = re.compile(
    r"Coursekeeper|Square|Google|Apple|Wallet|Terminal|QuickBooks( Online)?|Xero|Beancount|PDF|CSV|XLSX|JSON|HTML|ZIP|"
    r"English|Español|^[A-Z]\w+/[\w /-]+|^(?:Debug|Info|Warning|Error|OR|var)$|sqlite:\S+|https?://\S+|\S+@\S+|"
    r"[\w-]+(\.[\w-]+)+|[0-9a-f-]{12,}|[A-Z]{2}-[\d-]+|\b[A-Z0-9_]{3,}\b"
)
# What the tests wrote into the clinic: sentences that no program says, and terms as its clients read them, in English.
_OF_THE_TEST = re.compile(
    r"^(Square has separated|A customer changed|Not sent to|Square refused|Seen:) ?.*|^own$|"
    + marked("Terms: ")
    + ".*"
)
_LATIN = re.compile("[A-Za-z]{2,}")
_READ = ("aria-label", "title", "placeholder", "alt", "data-print", "data-what")
_UNREAD = frozenset(("style", "script", "code", "kbd", "pre", "samp", "textarea"))
_VOID = frozenset(("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"))
MOST_PAGES = 150


class _Texts(HTMLParser):
    """Collects the texts and attributes of a page that people read, but for those marked as of another language."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._within: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_other = given.get("lang", pseudo_language.TAG) != pseudo_language.TAG
        if tag not in _VOID:
            self._within.append((tag, tag in _UNREAD or is_other))
        if not is_other:
            self.found += [given[name] or "" for name in _READ if name in given]

    def handle_endtag(self, tag: str) -> None:
        opened = [place for place, (name, _) in enumerate(self._within) if name == tag]
        if opened:
            del self._within[opened[-1] :]

    def handle_data(self, data: str) -> None:
        if not any(is_unread for _, is_unread in self._within):
            self.found.append(" ".join(data.split()))


def untranslated(html: str, own: re.Pattern[str]) -> list[str]:
    """Return the texts of a page with Latin words that are nobody's own."""
    reader = _Texts()
    reader.feed(html)
    reader.close()
    return [
        each
        for each in reader.found
        if _LATIN.search(_NAMES.sub("", own.sub("", _OF_THE_TEST.sub("", each))))
    ]


def own_words(services: Services) -> re.Pattern[str]:
    """Return what finds the words that the clinic, its clients and Square typed, by the columns they are in."""
    texts = set[str]()
    with services.store.reading() as session:
        for table in METADATA.sorted_tables:
            for column in table.columns:
                if column.name in (*_OWN, *_PEOPLE):
                    found = [
                        each for each in session.scalars(select(column).distinct()) if isinstance(each, str)
                    ]
                    texts.update(found)
                    texts.update(word for each in found if column.name in _PEOPLE for word in each.split())
    # Names of accounts are those of the accountant's program, and English until the owner changes them.
    texts.update(each.name for each in ROLES.values())
    texts = {each for each in texts if len(each) > 1}
    longest_first = sorted(texts, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")


@pytest.fixture(scope="module")
def _language(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pseudo_language.spoken_here(tmp_path_factory.mktemp("pseudo")):
        yield


@pytest.fixture
def greek_olga(_language: None, small_olga: Visitor, small_house: Services) -> Visitor:
    """The owner, who reads the language of tests."""
    small_house.store.transact(
        lambda session: session.execute(update(Staff).values(language=pseudo_language.TAG))
    )
    return small_olga


def _walk(visitor: Visitor, own: re.Pattern[str]) -> dict[str, list[str]]:
    """Follow the links from the first pages and return what is not translated on each, by its address."""
    waiting, seen, found = ["/", "/sell", "/attention"], set[str](), dict[str, list[str]]()
    while waiting and len(seen) < MOST_PAGES:
        address = waiting.pop(0)
        bare = re.sub(r"[0-9a-f]{8,}[-0-9a-f]*", "*", address.partition("?")[0].partition("#")[0])
        if bare in seen or not address.startswith("/") or "/my/" in address:
            continue
        seen.add(bare)
        answer = visitor.get(address)
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        waiting += Page(answer.text).links()
        if left := untranslated(answer.text, own):
            found[address] = left
    return found


def test_no_page_has_a_word_outside_the_catalog(
    greek_olga: Visitor, small_house: Services, clock: HandMovedClock
) -> None:
    somebody = Somebody(Appointments(Desk(small_house.store, clock)))
    somebody.everywhere()
    somebody.agreed()
    somebody.invoiced()
    found = _walk(greek_olga, own_words(small_house))
    assert found == {}
