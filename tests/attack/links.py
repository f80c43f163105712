"""The links of clients: another client's papers by one's own link, links that were altered, links that have ended."""

from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule

from plugin.courses.agreements.signing import handed_token, signing_token
from plugin.courses.clients.private_page import stop_token, token_of
from plugin.courses.handouts.wallet_pass import pass_token
from plugin.store import Store
from plugin.store.documents import Document, DocumentCourse
from plugin.store.ledger import Visit
from plugin.store.people import Staff
from tests.attack.house import House
from tests.attack.tally import Tally, is_broken
from tests.courses.quotes.quoting import Quoting
from tests.web.test_access import address_of
from tests.web.test_wallet import TYPE

_ALTERATIONS = 40


def cross_clients(house: House, app: Flask | None = None) -> Tally:
    """Open everything of one client by their own link, then by another client's; then altered links."""
    app = app or house.app
    tally, client = Tally("links of clients, and of others"), app.test_client()
    whose = {course_id: house.desk.course(course_id).client_id for course_id in house.courses.values()}
    theirs = [(course_id, who) for course_id, who in whose.items() if who]
    tokens = {who: token_of(house.services.store, house.desk.act(), who) for _, who in theirs}
    stranger = token_of(house.services.store, house.desk.act(), house.desk.client("Nobody Yet"))
    opened: dict[str, int] = {}
    for course_id, who in theirs:
        ids = _ids(house.services.store, course_id)
        for rule in _with_link(app):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                name = f"{method} {rule.rule}"
                if not (set(rule.arguments) - {"token"}) <= set(ids) or not set(rule.arguments) - {"token"}:
                    continue
                own = client.open(address_of(rule, {**ids, "token": tokens[who]}), method=method)
                opened[name] = opened.get(name, 0) + (own.status_code != 404)
                tally.check("own", not is_broken(own.status_code), f"{name}: {own.status_code}")
                other = client.open(address_of(rule, {**ids, "token": stranger}), method=method)
                tally.check("another's", other.status_code == 404, f"{name}: {other.status_code}")
    for name, count in opened.items():
        tally.check("reaches", count > 0, f"{name} opened nothing for anybody")
    for altered in _altered(stranger):
        for rule in _with_link(app):
            answer = client.get(address_of(rule, {"token": altered}))
            said = f"{rule.rule} by an altered link: {answer.status_code}"
            tally.check("altered", answer.status_code in (404, 405, 400), said)
    return tally.done()


def signed_links(house: House) -> Tally:
    """Alter links that are signed or a code: agreements, the end of e-mails, quotes, the token of a pass."""
    tally, client = Tally("signed links, codes, passes: altered"), house.app.test_client()
    for kind, token, send in _signed(house, client):
        tally.check("opens", send(token) == HTTPStatus.OK, f"{kind}: {send(token)} to a good one")
        for altered in _altered(token):
            status = send(altered)
            is_right = status != HTTPStatus.OK and not is_broken(status)
            tally.check("altered", is_right, f"{kind} {altered[:60]!r}: {status}")
    return tally.done()


def _signed(house: House, client: FlaskClient) -> Iterator[tuple[str, str, Callable[[str], int]]]:
    """Return each kind of link: a good token, and what opens it and returns the status."""

    def opens(path: str) -> Callable[[str], int]:
        return lambda token: client.get(path + token).status_code

    desk, secret = house.desk, house.services.settings.secret_key.get_secret_value()
    agreeing = Quoting(desk)
    shown = agreeing.prepare()
    yield "agreement", signing_token(secret, shown), opens("/agree/")
    with house.services.store.reading() as session:
        staff_id = session.scalar(select(Staff.id).limit(1)) or ""
    handed = handed_token(secret, shown, staff_id=staff_id, now=desk.clock())
    yield "agreement handed over", handed, opens("/agree/")
    yield "end of e-mails", stop_token(secret, agreeing.client_id), opens("/mail/stop/")
    yield "quote", agreeing.quote().code, opens("/quote/")
    course_id = desk.sell()
    page = token_of(house.services.store, desk.act(), desk.course(course_id).client_id or "")

    def refresh(token: str) -> int:
        headers = {"Authorization": f"ApplePass {token}".encode("ascii", "replace").decode()}
        return client.get(f"/wallet/v1/passes/{TYPE}/{course_id}", headers=headers).status_code

    yield "pass", pass_token(secret, page, course_id), refresh


def _with_link(app: Flask) -> Iterator[Rule]:
    for rule in app.url_map.iter_rules():
        if "token" in rule.arguments and rule.rule.startswith("/my/"):
            yield rule


def _ids(store: Store, course_id: str) -> Mapping[str, str]:
    with store.reading() as session:
        visit = session.scalar(select(Visit.id).where(Visit.course_id == course_id).limit(1))
        document = session.scalar(
            select(Document.id)
            .join(DocumentCourse, DocumentCourse.document_id == Document.id)
            .where(DocumentCourse.course_id == course_id)
            .limit(1)
        )
    found = {"course_id": course_id, "visit_id": visit, "document_id": document}
    return {name: str(value) for name, value in found.items() if value}


def _altered(token: str) -> Iterator[str]:
    for place in range(min(_ALTERATIONS, len(token))):
        yield token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
    yield from (
        token[:-1],
        token + "A",
        token[::-1],
        "%00",
        "x" * 5000,
        "..%2f..%2f",
        "\ud7ff",
    )
