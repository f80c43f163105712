"""Tokens and mail servers are tried before they are saved, and what is wrong is told in words."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from plugin.configuration.email import MailAccount, send_test_email
from plugin.configuration.save import try_and_save_token
from plugin.core.acts import Act
from plugin.courses.square_health import connection_in
from plugin.errors import InvalidField, Refused
from plugin.services import Services
from plugin.square.connection.trial import TokenTrial
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.configuration.running import OLIVE, running_on, save
from tests.mail_server import PostOffice, running_post_office
from tests.square.test_trial import PRODUCTION, FakeSquare

FROM = "Lotus <desk@example.org>"


def _try_and_save(
    services: Services, square: FakeSquare, token: str, *, is_other_business: bool = False
) -> TokenTrial:
    return try_and_save_token(
        services,
        Act(OLIVE, services.clock(), "k"),
        token=token,
        environment="production",
        transport=square.transport,
        is_other_business=is_other_business,
    )


def test_only_a_token_that_works_is_saved_and_a_location_of_elsewhere_is_left_out(
    lite_store: Store, clock: HandMovedClock
) -> None:
    square = FakeSquare(PRODUCTION, "right")
    services = running_on(lite_store, clock, transport=square.transport)
    save(services, square_location_id="L9")
    with pytest.raises(InvalidField):
        _try_and_save(services, square, "wrong")
    assert (services.settings.square_environment, services.settings.square_location_id) == ("practice", "L9")
    _try_and_save(services, square, "right")
    settings = services.settings
    assert (settings.square_environment, settings.square_location_id) == ("production", "")
    assert settings.square_access_token.get_secret_value() == "right"
    # The one in use, tried again.
    assert _try_and_save(services, square, "").business == "Lotus Clinic"


def test_a_token_of_another_business_is_asked_about(lite_store: Store, clock: HandMovedClock) -> None:
    square = FakeSquare(PRODUCTION, "right", business="OTHER")
    services = running_on(lite_store, clock, transport=square.transport)
    with lite_store.writing() as session:
        connection_in(session).square_merchant_id = "LOTUS"
    with pytest.raises(Refused, match="opens “Lotus Clinic”, not the business connected so far"):
        _try_and_save(services, square, "right")
    assert services.settings.square_access_token.get_secret_value() == ""
    _try_and_save(services, square, "right", is_other_business=True)
    assert services.settings.square_access_token.get_secret_value() == "right"


@pytest.mark.parametrize(
    ("account", "url"),
    [
        (
            MailAccount("smtp.example.org", 587, "starttls", "a@b.org", "p@ss/w:rd?#"),
            "smtp://a%40b.org:p%40ss%2Fw%3Ard%3F%23@smtp.example.org:587?starttls=yes",
        ),
        (MailAccount("smtp.example.org", 465, "tls", "", ""), "smtps://smtp.example.org:465"),
        (MailAccount("::1", 25, "none", "", ""), "smtp://[::1]:25?starttls=no"),
    ],
)
def test_a_mail_server_in_parts_is_the_same_as_its_url(account: MailAccount, url: str) -> None:
    assert account.url == url
    assert MailAccount.of(url) == account


@pytest.mark.parametrize(
    "host", ["", "a b", "user@host", "host/path", "host:25", "host?x", "UPPER[", "smtp://host", "a\r\nb"]
)
def test_a_host_that_would_say_something_else_in_a_url_is_refused(host: str) -> None:
    with pytest.raises(InvalidField):
        _ = MailAccount(host, 587, "starttls", "u", "p").url


def test_a_saved_password_goes_to_no_other_server() -> None:
    saved = MailAccount("smtp.example.org", 587, "starttls", "u", "p")
    assert not MailAccount("smtp.example.org", 465, "tls", "u", "p").sends_password_elsewhere(saved)
    for other in (
        MailAccount("smtp.example.com", 587, "starttls", "u", "p"),
        MailAccount("smtp.example.org", 587, "starttls", "v", "p"),
        MailAccount("smtp.example.org", 25, "none", "u", "p"),
    ):
        assert other.sends_password_elsewhere(saved)


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    with running_post_office() as running:
        yield running


Sending = Callable[..., str]


@pytest.fixture
def send(office: PostOffice) -> Sending:
    office.empty()

    def sending(to: str = "olga@example.org", url: str = "", sender: str = FROM, limit: float = 5) -> str:
        at = url or f"smtp://127.0.0.1:{office.port}"
        return send_test_email(at, sender, to=to, clinic_name="Lotus", given_up_after_s=limit)

    return sending


def test_a_test_email_arrives_and_says_which_server_took_it(send: Sending, office: PostOffice) -> None:
    assert "127.0.0.1 took the test e-mail for olga@example.org" in send()
    assert office.taken[0]["Subject"] == "Test e-mail from Lotus"


def test_the_servers_answer_is_told_in_its_words(send: Sending, office: PostOffice) -> None:
    with pytest.raises(
        Refused, match=r"does not take this address. Its answer: “550 5.1.1 <gone@example.org>"
    ):
        send(to="gone@example.org")
    office.next_answers = ["554 5.7.1 \x1b[31mno\x07 relay " + "x" * 400]
    with pytest.raises(Refused) as refused:
        send()
    assert "“554 5.7.1 [31mno relay xxx" in refused.value.message
    assert len(refused.value.message) < 300


def test_a_sign_in_that_the_server_does_not_offer_is_told(send: Sending, office: PostOffice) -> None:
    with pytest.raises(Refused, match="does not offer this security or sign-in"):
        send(url=f"smtp://user:secret@127.0.0.1:{office.port}")


@pytest.mark.parametrize(("step_s", "limit_s"), [(10.0, 0.2), (0.2, 5.0)])
def test_a_server_that_hangs_is_given_up(
    send: Sending, monkeypatch: pytest.MonkeyPatch, step_s: float, limit_s: float
) -> None:
    monkeypatch.setattr("plugin.mail.TIMEOUT_S", step_s)
    silent = socket.create_server(("127.0.0.1", 0))
    with silent, pytest.raises(Refused, match=r"127\.0\.0\.1 did not answer in time\. Compare server, port"):
        send(url=f"smtp://127.0.0.1:{silent.getsockname()[1]}", limit=limit_s)


def test_a_server_that_hangs_up_is_told(send: Sending) -> None:
    def hang_up(server: socket.socket) -> None:
        connection, _ = server.accept()
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=hang_up, args=(server,), daemon=True).start()
        with pytest.raises(Refused, match=r"127\.0\.0\.1 ended the connection without an answer\. Compare"):
            send(url=f"smtp://127.0.0.1:{server.getsockname()[1]}")


def test_a_port_where_nobody_listens_is_told(send: Sending) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Refused, match=r"127\.0\.0\.1 can’t be reached: Connection refused"):
        send(url=f"smtp://127.0.0.1:{port}")


def test_without_server_or_sender_it_says_which_is_missing(send: Sending) -> None:
    with pytest.raises(Refused, match="MAIL_FROM is missing"):
        send(sender="")
    with pytest.raises(Refused, match="MAIL_URL is missing"):
        send_test_email("", FROM, to="olga@example.org", clinic_name="Lotus")
    with pytest.raises(Refused, match="look at sender and address"):
        send(to="nobody")
