"""Bodies that nobody meant: signed garbage from Square, altered files to import, nonsense in every form of the owner.

Whatever comes is answered in words or stored to be looked at; nothing is half-written, and the ledger stays whole.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar
from urllib.parse import quote

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from plugin.core.acts import Role
from plugin.courses.audit import audit
from plugin.courses.clients.clients import create_client
from plugin.courses.clients.private_page import token_of
from plugin.errors import CoursekeeperError
from plugin.square.inbox import HEADER
from plugin.store.ledger import Course
from plugin.store.queues import Inbox
from plugin.worker import Worker
from practice_square.events import sign
from tests.api.examples import ANY_TEXT, JUNK
from tests.attack.doors import ids_of
from tests.attack.house import House
from tests.attack.tally import Tally, is_broken
from tests.square.clinic import KEY, NOWHERE, Silence
from tests.web.page import Form, Page
from tests.web.test_access import address_of
from tests.web.visitor import Visitor, email_of

Run = TypeVar("Run", bound=Callable[..., None])
_TYPES = (
    *(
        "payment.created",
        "payment.updated",
        "order.updated",
        "refund.created",
        "refund.updated",
        "customer.updated",
    ),
    *(
        "customer.created",
        "customer.deleted",
        "invoice.updated",
        "catalog.version.updated",
        "booking.created",
    ),
    *(
        "dispute.created",
        "terminal.checkout.updated",
        "gift_card.updated",
        "invoice.canceled",
        "location.updated",
    ),
)
# These end the sign-in of whoever sends them, or of all.
_ENDS = (
    "sign-out",
    "sign_out",
    "/lock",
    "check-in",
    "hand",
    "deactivation",
    "password",
    "account/email",
    "erasure",
)
# A mistake of ours, not of a message's: the worker records the name of what stopped it.
_OURS = (
    "TypeError",
    "KeyError",
    "AttributeError",
    "IndexError",
    "ValueError",
    "AssertionError",
    "RecursionError",
)


def many(examples: int, seed: int) -> Callable[[Run], Run]:
    """Return the settings of a run: so many examples, the same ones for the same seed."""
    wanted = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    return lambda run: wanted(seeded(seed)(run))


def signed_garbage(house: House, *, examples: int, seed: int) -> Tally:
    """Send events that are signed and mean nothing, work them off, and look at what stopped the worker."""
    tally, client = Tally("webhooks: signed garbage"), house.app.test_client()

    @many(examples, seed)
    @given(body=_events() | _events() | _events() | st.binary(max_size=60) | _junk())
    def send(body: bytes) -> None:
        text = body.decode("utf-8", "surrogateescape")
        signature = sign(KEY, NOWHERE, text) if text.isprintable() or text.isascii() else "none"
        answer = client.post("/square/webhooks", data=body, headers={HEADER: signature})
        tally.check(
            "answered", answer.status_code in (200, 400, 403), f"{answer.status_code} to {body[:80]!r}"
        )

    send()
    worker = Worker(house.services, lambda _name: None, chance=lambda: 0.0, log=Silence())
    while worker.run_next("inbox"):
        tally.check("worked off", True, "")
    with house.services.store.reading() as session:
        for kind, outcome in session.execute(select(Inbox.event_type, Inbox.outcome)):
            tally.check("no mistake of ours", not outcome.startswith(_OURS), f"{kind[:40]}: {outcome[:120]}")
    return _whole(house, tally)


def altered_files(house: House, *, examples: int, seed: int) -> Tally:
    """Upload files to import that were cut, altered and made up, and open what came of them."""
    tally, owner = Tally("import: altered CSV and XLSX"), _Owner(house)
    bases = [owner.visitor.get(f"/import/template.{ending}").data for ending in ("csv", "xlsx")]
    bases.append(_old_book())
    before = _courses(house)

    @many(examples, seed)
    @given(data=st.data())
    def upload(data: st.DataObject) -> None:
        file = data.draw(st.sampled_from(bases).flatmap(_altered) | _made_up())
        name = data.draw(st.sampled_from(["a.csv", "a.xlsx", "a.xls", "../../a.csv", "a.exe", ""]) | ANY_TEXT)
        form = owner.visitor.page("/import").form("/import")
        sent = {
            **form.fields,
            "file": (io.BytesIO(file), _sendable(name)),
        }
        answer = owner.visitor.client.post("/import", data=sent, content_type="multipart/form-data")
        tally.check("answered", not is_broken(answer.status_code), f"{answer.status_code} to {file[:60]!r}")
        if answer.status_code == 303:
            shown = owner.visitor.get(answer.headers["Location"])
            tally.check("shown", not is_broken(shown.status_code), f"{shown.status_code} after {file[:60]!r}")

    upload()
    tally.check("nothing written", _courses(house) == before, "courses were written without a person's yes")
    return _whole(house, tally)


def junk_in_forms(house: House, *, examples: int, seed: int) -> Tally:
    """Fill every form that the owner can open with nonsense, some of it in good company, and send it."""
    tally, owner = Tally("forms of the owner: nonsense"), _Owner(house)
    forms = list(owner.forms())
    tally.check("forms found", len(forms) > 60, len(forms))

    @many(examples, seed)
    @given(data=st.data())
    def send(data: st.DataObject) -> None:
        form = data.draw(st.sampled_from(forms))
        names = [name for name in form.fields if name not in ("csrf_token", "key")]
        spoiled = data.draw(st.sets(st.sampled_from(names))) if names else set()
        typed = {name: data.draw(_TYPED) for name in sorted(spoiled)}
        answer = owner.send(form, {**typed, **data.draw(st.dictionaries(_NAMES, _TYPED, max_size=2))})
        said = f"{form.method} {form.action} {typed!r:.200}: {answer.status_code}"
        tally.check("answered", not is_broken(answer.status_code), said)

    send()
    return _whole(house, tally)


def hostile_names(house: House, *, examples: int, seed: int) -> Tally:
    """Give clients names that want to be something else, and read every file and page that holds them."""
    tally, owner = Tally("names in pages, calendars, files, codes"), _Owner(house)
    store, desk = house.services.store, house.desk

    @many(examples, seed)
    @given(name=_HOSTILE | ANY_TEXT, scanned=_HOSTILE | ANY_TEXT)
    def show(name: str, scanned: str) -> None:
        try:
            client_id = create_client(store, desk.act(), name=name).id
        except (CoursekeeperError, UnicodeEncodeError):
            tally.check("refused", True, "")
        else:
            link = token_of(store, desk.act(), client_id)
            for address in (f"/clients/{client_id}", f"/my/{link}", f"/clients/{client_id}/agreements"):
                page = owner.visitor.get(address)
                is_right = page.status_code < 500 and not _SCRIPT.intersection(page.text.split("<"))
                tally.check("pages", is_right, f"{address} of {name!r}: {page.status_code}")
        for address in ("/palette/scan?code=", "/palette?q=", "/clients?q=", "/entries?q="):
            found = owner.visitor.get(address + quote(scanned, errors="replace"))
            tally.check(
                "searches", not is_broken(found.status_code), f"{address}{scanned!r}: {found.status_code}"
            )

    show()
    for course_id in house.courses.values():
        who = desk.course(course_id).client_id
        if who is not None:
            for file in _files_of(owner, course_id, token_of(store, desk.act(), who)):
                tally.check("calendars", _is_calendar(file), f"{course_id}: {file[:200]!r}")
    return _whole(house, tally)


class _Owner:
    """The owner at a browser, who signs in again where something has ended the sign-in."""

    def __init__(self, house: House) -> None:
        self._house, self.visitor = house, Visitor(house.app)
        self.begin()

    def begin(self) -> None:
        """Sign in."""
        self.visitor = Visitor(self._house.app)
        assert self.visitor.sign_in(email_of(Role.OWNER)).status_code == 302
        self._token = self.visitor.page("/account").forms[0].fields["csrf_token"]

    def forms(self) -> Iterator[Form]:
        """Return one form of each route, but for those that end the sign-in."""
        routes, seen = self._house.app.url_map.bind("localhost"), set()
        for address in self._addresses():
            answer = self.visitor.get(address)
            if answer.status_code != 200 or answer.mimetype != "text/html":
                continue
            for form in Page(answer.text).forms:
                if form.method != "post" or any(end in form.action for end in _ENDS):
                    continue
                endpoint, ids = routes.match(form.action.split("?")[0] or address, method="POST")
                route = (endpoint, ids.get("group"))
                if route not in seen:
                    seen.add(route)
                    yield form

    def _addresses(self) -> Iterator[str]:
        """Return the address of each page, and of each page of settings."""
        ids = ids_of(self._house.services.store)
        for rule in self._house.app.url_map.iter_rules():
            if "GET" in (rule.methods or ()) and not rule.endpoint.startswith(("api", "security", "static")):
                yield address_of(rule, ids)
        links = self.visitor.page("/clinic/settings").links()
        yield from sorted({link for link in links if link.startswith("/clinic/")})

    def send(self, form: Form, typed: Mapping[str, str]) -> TestResponse:
        """Send the form with these values."""
        answer = self._post(form, typed)
        if answer.status_code == 400 or "/sign-in" in answer.headers.get("Location", ""):
            self.begin()
            answer = self._post(form, typed)
        return answer

    def _post(self, form: Form, typed: Mapping[str, str]) -> TestResponse:
        fields = {**form.fields, **typed, "csrf_token": self._token}
        clean = {name: value.encode("utf-8", "replace").decode() for name, value in fields.items()}
        return self.visitor.client.post(form.action, data=clean, buffered=True)


_SCRIPT = frozenset({"script>alert(1)", "img src=x onerror=alert(1)>"})
_HOSTILE = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '"><svg/onload=alert(1)>',
        "{{ 7 * 7 }}{% include '/etc/passwd' %}",
        "Ana\r\nBEGIN:VEVENT\r\nSUMMARY:x",
        "Ana\nATTENDEE:mailto:all@example.org",
        "=cmd|' /C calc'!A0",
        "../../etc/passwd",
        "%s%s%n{0}{name}",
        "'; DROP TABLE client; --",
        "\u202egnp.exe",
        "A" * 10_000,
    ]
)
_TYPED = (
    _HOSTILE
    | ANY_TEXT
    | st.integers().map(str)
    | st.floats().map(str)
    | st.sampled_from(
        ["", " ", "on", "0", "-1", "9" * 400, "2026-02-30", "2026-11-22", "0001-01-01", "NaN", "1e400"]
    )
)
_NAMES = st.sampled_from(["name", "unforeseen", "amount", "then", "next", "version", "seen_version", "key"])


def _junk() -> st.SearchStrategy[bytes]:
    return JUNK.map(lambda junk: json.dumps(junk).encode())


def _events() -> st.SearchStrategy[bytes]:
    ids = st.text("abcXYZ019-_", min_size=1, max_size=40)
    inner = st.dictionaries(
        st.sampled_from(
            ["id", "order_id", "payment", "refund", "customer", "invoice", "status", "version", "object"]
        ),
        JUNK,
        max_size=4,
    )
    event = st.fixed_dictionaries(
        {"event_id": ids, "type": st.sampled_from(_TYPES)},
        optional={
            "data": st.fixed_dictionaries(
                {},
                optional={
                    "id": ids | JUNK,
                    "type": ANY_TEXT,
                    "object": st.dictionaries(ANY_TEXT, inner) | inner,
                },
            )
            | JUNK,
            "merchant_id": JUNK,
            "created_at": ANY_TEXT | st.just("2026-11-22T18:00:00Z"),
        },
    )
    return event.map(lambda made: json.dumps(made).encode())


@st.composite
def _altered(draw: st.DrawFn, file: bytes) -> bytes:
    body = bytearray(file)
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, max(0, len(body) - 1)))
        what = draw(st.sampled_from(["flip", "cut", "insert", "repeat", "end"]))
        if what == "flip" and body:
            body[place] ^= draw(st.integers(1, 255))
        elif what == "cut":
            del body[place : place + draw(st.integers(1, 400))]
        elif what == "insert":
            body[place:place] = draw(st.binary(max_size=30))
        elif what == "repeat":
            body[place:place] = body[place : place + draw(st.integers(1, 400))]
        else:
            del body[place:]
    return bytes(body)


def _made_up() -> st.SearchStrategy[bytes]:
    cells = ANY_TEXT | st.sampled_from(
        ["Client", "Package", "Sessions", "12", "-3", "2026-99-99", "=1+1", "$1,2,3.x"]
    )
    rows = st.lists(st.lists(cells, max_size=8), max_size=8)
    return rows.map(_csv) | st.binary(max_size=300)


def _csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([[cell.replace("\0", "") for cell in row] for row in rows])
    return text.getvalue().encode("utf-8", "replace")


def _old_book() -> bytes:
    return (
        b"Client,Phone,Package,Sessions,Used,Sold on\r\n"
        b"Ana Souza,+14155550123,Facial acupuncture,12,3,2026-01-05\r\n"
        b"Bea Wong,,Facial acupuncture,10,10,01/31/2026\r\n"
    )


def _files_of(owner: _Owner, course_id: str, link: str) -> Iterator[str]:
    answer = owner.visitor.get(f"/my/{link}/courses/{course_id}/visits.ics")
    if answer.status_code == 200:
        yield answer.text


def _is_calendar(file: str) -> bool:
    lines = file.split("\r\n")
    known = (
        "BEGIN:",
        "END:",
        "VERSION:",
        "PRODID:",
        "METHOD:",
        "CALSCALE:",
        "UID:",
        "DTSTAMP",
        "DTSTART",
        "DTEND",
    )
    more = (
        "SUMMARY",
        "LOCATION",
        "DESCRIPTION",
        "DURATION",
        "URL",
        "TZ",
        "RRULE",
        "X-",
        "STATUS",
        "SEQUENCE",
        " ",
    )
    return all(line.startswith((*known, *more)) for line in lines if line) and "\n" not in file.replace(
        "\r\n", ""
    )


def _sendable(name: str) -> str:
    """Return the name of a file as a browser can send it."""
    return name.encode("utf-8", "replace").decode().replace("\r", "").replace("\n", "") or "a.csv"


def _courses(house: House) -> int:
    with house.services.store.reading() as session:
        return session.scalar(select(func.count()).select_from(Course)) or 0


def _whole(house: House, tally: Tally) -> Tally:
    findings = audit(house.services.store)
    tally.check("audit", findings == (), findings[:3])
    return tally.done()
