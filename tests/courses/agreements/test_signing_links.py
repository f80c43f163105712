"""The link by which a client reads and signs: ours alone, ended in time, leading to what is valid now."""

from typing import Any

import pytest
from itsdangerous import URLSafeSerializer
from sqlalchemy import select

from plugin.core.acts import Role
from plugin.courses.accounts.staff import add_staff
from plugin.courses.agreements.signing import (
    AGREEMENT_LINK,
    HANDED_FOR,
    handed_token,
    link_of_token,
    send_link,
    signing_address,
    signing_token,
)
from plugin.courses.privacy.erasure import Erasure, erase_client
from plugin.errors import InvalidField, NotFound, Refused
from plugin.settings import Settings
from plugin.store.queues import Outbox
from tests.courses.agreements.agreeing import Agreeing, reprice
from tests.courses.appointments import Appointments
from tests.courses.desk import OLGA, Desk

SECRET = "s" * 48
URL = "https://clinic.example.org"


@pytest.fixture
def desk(lite: Appointments) -> Desk:
    return lite.desk


@pytest.fixture
def agreeing(desk: Desk) -> Agreeing:
    return Agreeing(desk)


def opened(agreeing: Agreeing, token: str, *, secret: str = SECRET) -> tuple[str, str] | None:
    """Return the agreement that a token opens, and who handed the device over."""
    link = link_of_token(agreeing.store, secret, token, agreeing.desk.clock())
    return (link.agreement.id, link.present) if link is not None else None


class TestALink:
    def test_it_opens_its_agreement(self, agreeing: Agreeing) -> None:
        agreement = agreeing.prepare()
        agreeing.desk.clock.advance(days=300)
        assert opened(agreeing, signing_token(SECRET, agreement)) == (agreement.id, "")

    def test_only_one_made_here_opens_anything(self, agreeing: Agreeing) -> None:
        token = signing_token(SECRET, agreeing.prepare())
        made = URLSafeSerializer(SECRET, salt="coursekeeper.agreement")
        others = (token[:-1], token + "x", "", "x" * 401, str(made.dumps(["a"])), str(made.dumps(3)))
        assert [opened(agreeing, each) for each in others] == [None] * len(others)
        assert opened(agreeing, token, secret="t" * 48) is opened(agreeing, token, secret="") is None

    def test_on_a_device_handed_over_it_ends_by_itself(self, agreeing: Agreeing, desk: Desk) -> None:
        deb = add_staff(
            desk.store,
            email="deb@example.org",
            name="Deb",
            role=Role.DESK,
            password_hash="x",
            now=desk.clock(),
        )
        agreement = agreeing.prepare()
        token = handed_token(SECRET, agreement, staff_id=deb.id, now=desk.clock())
        desk.clock.advance(seconds=HANDED_FOR.total_seconds() - 1)
        assert opened(agreeing, token) == (agreement.id, "Deb")
        desk.clock.advance(seconds=1)
        assert opened(agreeing, token) is None

    def test_terms_that_changed_are_what_it_opens_then_also_once_they_are_signed(
        self, agreeing: Agreeing
    ) -> None:
        token = signing_token(SECRET, agreeing.prepare())
        reprice(agreeing)
        assert opened(agreeing, token) is not None
        now_valid = agreeing.prepare()
        assert opened(agreeing, token) == (now_valid.id, "")
        agreeing.sign(now_valid)
        assert opened(agreeing, token) == (now_valid.id, "")

    def test_it_leads_to_no_agreement_of_another_package(self, agreeing: Agreeing, desk: Desk) -> None:
        token = signing_token(SECRET, agreeing.prepare())
        Agreeing(desk, client_id=agreeing.client_id, sessions=3).prepare()
        reprice(agreeing)
        now_valid = agreeing.prepare()
        assert opened(agreeing, token) == (now_valid.id, "")

    def test_who_was_erased_has_none(self, agreeing: Agreeing, desk: Desk) -> None:
        token = signing_token(SECRET, agreeing.prepare())
        erase_client(desk.store, desk.act(OLGA), Erasure(agreeing.client_id, "Ana Souza"))
        assert opened(agreeing, token) is None

    def test_its_address_is_that_of_the_desk(self, agreeing: Agreeing) -> None:
        agreement = agreeing.prepare()
        settings = Settings.model_validate({"secret_key": SECRET, "public_url": f"{URL}/"})
        assert signing_address(settings, agreement) == f"{URL}/agree/{signing_token(SECRET, agreement)}"
        assert (
            signing_address(Settings.model_validate({"secret_key": SECRET, "public_url": ""}), agreement)
            == ""
        )


class TestByEmail:
    def send(
        self, agreeing: Agreeing, agreement_id: str, mail_to: str = " ana@example.org ", **how: Any
    ) -> None:
        said = {"address": f"{URL}/agree/x", "has_mail": True, **how}
        send_link(agreeing.store, agreeing.desk.act(key="tap"), agreement_id, mail_to, **said)

    def test_it_goes_to_the_address_once(self, agreeing: Agreeing) -> None:
        agreement = agreeing.prepare()
        for _ in range(2):
            self.send(agreeing, agreement.id)
        with agreeing.store.reading() as session:
            jobs = session.execute(
                select(Outbox.subject, Outbox.payload).where(Outbox.kind == AGREEMENT_LINK)
            ).all()
        payload = {"mail_to": "ana@example.org", "url": f"{URL}/agree/x"}
        assert [tuple(job) for job in jobs] == [(agreement.id, payload)]

    @pytest.mark.parametrize(("mail_to", "said"), [("  ", "is missing"), ("ana", "address")])
    def test_without_an_address_it_goes_nowhere(self, agreeing: Agreeing, mail_to: str, said: str) -> None:
        with pytest.raises(InvalidField, match=said) as refusal:
            self.send(agreeing, agreeing.prepare().id, mail_to)
        assert refusal.value.field == "mail_to"

    @pytest.mark.parametrize(
        ("how", "code"), [({"has_mail": False}, "no_mail"), ({"address": ""}, "no_address")], ids=str
    )
    def test_without_mail_or_an_address_of_the_desk_it_says_so(
        self, agreeing: Agreeing, how: dict[str, Any], code: str
    ) -> None:
        with pytest.raises(Refused) as refusal:
            self.send(agreeing, agreeing.prepare().id, **how)
        assert refusal.value.code == code

    def test_what_is_signed_or_gone_is_not_sent(self, agreeing: Agreeing) -> None:
        signed = agreeing.sign(agreeing.prepare())
        with pytest.raises(Refused, match="is signed") as refusal:
            self.send(agreeing, signed.id)
        assert refusal.value.code == "signed"
        with pytest.raises(NotFound):
            self.send(agreeing, "nothing")
