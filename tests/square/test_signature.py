"""Webhook signatures: the right one passes, every tampered twin is refused, and so is none at all.

Two keys may be there: that of the settings, and that of the subscription we made, each for its own address.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet
from sqlalchemy.orm import Session

from plugin.courses.square_health import connection_in
from plugin.errors import BadSignature, ConfigurationError
from plugin.services import Services
from plugin.settings import Settings, read_settings
from plugin.square.inbox import check
from plugin.store import Store
from plugin.store.creation import upgrade
from plugin.vault import WrongKey
from tests.clock import HandMovedClock
from tests.square.clinic import KEY, Clinic, house_of, settings_for

ADDRESS = "https://desk.example.org/square/webhooks"
SEALING = Fernet.generate_key().decode()
SETTINGS = settings_for("http://127.0.0.1:9", ADDRESS, ENCRYPTION_KEYS=SEALING)
OUR_ADDRESS = "https://desk.example.org/earlier/square/webhooks"
OUR_KEY = "the key of the subscription we made"
BODY = '{"event_id":"1","type":"payment.updated","note":"Siobhán 美玲"}'.encode()


def _signed(body: bytes, address: str = ADDRESS, key: str = KEY) -> str:
    digest = hmac.new(key.encode(), address.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path_factory.mktemp('signature') / 'desk.db'}"
    upgrade(url)
    with Store(url) as opened:
        yield opened


def _services(store: Store, settings: Settings = SETTINGS) -> Services:
    services = house_of(settings, store, HandMovedClock())
    services.close()
    return services


@pytest.fixture(scope="module")
def services(store: Store) -> Services:
    """With the key of the settings, and a subscription of ours for another address."""
    services = _services(store)

    def subscribe(session: Session) -> None:
        row = connection_in(session)
        row.subscription_url, row.signature_key_sealed = OUR_ADDRESS, services.vault.seal(OUR_KEY)

    store.transact(subscribe)
    return services


@pytest.mark.parametrize(("address", "key"), [(ADDRESS, KEY), (OUR_ADDRESS, OUR_KEY)])
def test_the_right_signature_passes_with_either_key(services: Services, address: str, key: str) -> None:
    check(services, BODY, _signed(BODY, address, key))


@pytest.mark.parametrize(
    ("address", "key"), [(ADDRESS, OUR_KEY), (OUR_ADDRESS, KEY), (OUR_ADDRESS, OUR_KEY + "x")]
)
def test_a_key_signs_for_its_own_address_alone(services: Services, address: str, key: str) -> None:
    with pytest.raises(BadSignature):
        check(services, BODY, _signed(BODY, address, key))


def test_a_subscription_whose_key_cannot_be_opened_is_a_matter_of_settings(
    services: Services, store: Store
) -> None:
    other = settings_for("http://127.0.0.1:9", ADDRESS, ENCRYPTION_KEYS=Fernet.generate_key().decode())
    check(_services(store, other), BODY, _signed(BODY))
    with pytest.raises(WrongKey):
        check(_services(store, other), BODY, _signed(BODY, OUR_ADDRESS, OUR_KEY))


@pytest.mark.parametrize(
    "body", [BODY + b" ", BODY[:-1], BODY.replace(b'"1"', b'"2"'), json.dumps(json.loads(BODY)).encode(), b""]
)
def test_another_body_is_refused(services: Services, body: bytes) -> None:
    for address, key in ((ADDRESS, KEY), (OUR_ADDRESS, OUR_KEY)):
        with pytest.raises(BadSignature):
            check(services, body, _signed(BODY, address, key))


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "x",
        _signed(BODY, address=ADDRESS + "/"),
        _signed(BODY, address=ADDRESS.replace("https", "http")),
        _signed(BODY, key=KEY + "x"),
        _signed(BODY).lower(),
        _signed(BODY)[:-1],
        _signed(BODY) + " ",
        _signed(BODY) + "é",
        "\ud800",
    ],
)
def test_another_signature_or_none_is_refused(services: Services, header: str | None) -> None:
    with pytest.raises(BadSignature):
        check(services, BODY, header)


def test_a_body_that_is_no_text_is_refused_even_when_it_is_signed(services: Services) -> None:
    body = b"\xff\xfe\x00"
    with pytest.raises(BadSignature):
        check(services, body, _signed(body))


def test_without_a_key_nothing_passes(sqlite_url: str) -> None:
    keyless = read_settings({"SQUARE_WEBHOOK_URL": ADDRESS})
    with Store(sqlite_url) as store, pytest.raises(ConfigurationError):
        check(_services(store, keyless), BODY, _signed(BODY, key=""))


def test_what_the_practice_square_signs_is_accepted_and_a_twin_is_not(lite_clinic: Clinic) -> None:
    services = lite_clinic.services
    lite_clinic.sell("ten")
    body: str = lite_clinic.till.events()[0]["body"]
    header = _signed(body.encode(), services.settings.webhook_address)
    check(services, body.encode(), header)
    with pytest.raises(BadSignature):
        check(services, body.replace("COMPLETED", "COMPLETEd").encode(), header)
