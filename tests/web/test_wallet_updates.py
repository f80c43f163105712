"""Updates of passes in Apple Wallet: which devices have one, which passes changed, and the push by the certificate."""

import json
from functools import partial

import pytest
from flask import Flask

from plugin.courses.base.outbox import Job, claim_job
from plugin.courses.clients.private_page import renew_page
from plugin.courses.clients.wallet_passes import APPLE, MOST_DEVICES, UPDATE
from plugin.errors import WalletFailed
from plugin.services import Services
from plugin.wallet.jobs import push, update_apple
from plugin.worker import Worker
from tests.courses.desk import Desk
from tests.web.apns_stand_in import pushing, trusting
from tests.web.test_wallet import TYPE, Clinic, apple_once

DEVICE = "b33e3a3dccb3030333e3333da33333a3"


class Phone:
    """A phone with the pass of Ana's course; `seen`: the tag of the last list it was given."""

    def __init__(self, clinic: Clinic, name: str = DEVICE) -> None:
        self.clinic, self.name, self.seen = clinic, name, ""
        self.token = json.loads(clinic.files()["pass.json"])["authenticationToken"]

    @property
    def address(self) -> str:
        return f"/wallet/v1/devices/{self.name}/registrations/{TYPE}"

    def register(self, push_token: object = "aa11", **more: str) -> int:
        return self.clinic.phone.client.post(
            f"{self.address}/{self.clinic.course}",
            json={"pushToken": push_token},
            headers=self.headers() | more,
        ).status_code

    def leave(self) -> int:
        address = f"{self.address}/{self.clinic.course}"
        return self.clinic.phone.client.delete(address, headers=self.headers()).status_code

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"ApplePass {self.token}"}

    def changed(self, since: str | None = None) -> list[str]:
        query = {"passesUpdatedSince": self.seen if since is None else since}
        answer = self.clinic.phone.get(self.address, query_string=query)
        if answer.status_code == 204:
            return []
        self.seen = answer.json["lastUpdated"]
        return list(answer.json["serialNumbers"])


@pytest.fixture
def clinic(small_app: Flask, small_house: Services, small_desk: Desk) -> Clinic:
    return Clinic(small_app, small_house, small_desk, apple_once())


@pytest.fixture
def phone(clinic: Clinic) -> Phone:
    return Phone(clinic)


def job_after_use(clinic: Clinic) -> Job | None:
    clinic.desk.clock.advance(minutes=1)
    clinic.desk.use(clinic.course)
    worker = Worker(clinic.services)
    while worker.run_next("papers"):
        pass
    return claim_job(clinic.desk.store, clinic.services.clock(), of=[UPDATE[APPLE]])


def test_a_phone_registers_once_and_leaves(phone: Phone) -> None:
    assert [phone.register(), phone.register()] == [201, 200]
    assert phone.changed() == [phone.clinic.course]
    assert phone.changed() == []
    assert phone.leave() == 200
    assert phone.changed(since="") == []
    assert job_after_use(phone.clinic) is None


def test_after_a_use_the_phone_is_told_and_finds_the_newest_pass(phone: Phone) -> None:
    phone.register()
    phone.changed()
    job = job_after_use(phone.clinic)
    assert job is not None
    apple = apple_once()
    with pushing(apple) as service:
        send = partial(push, url=service.url, trust=lambda: trusting(apple))
        assert update_apple(phone.clinic.services, job, send) == "The devices ask for the newest pass."
        assert service.got == [("/3/device/aa11", TYPE)]
        assert phone.changed() == [phone.clinic.course]
        newest = phone.clinic.files(f"/wallet/v1/passes/{TYPE}/{phone.clinic.course}", **phone.headers())
        assert b"11 of 12 left" in newest["pass.json"]

        service.answers["aa11"] = (500, "InternalServerError")
        job = job_after_use(phone.clinic)
        assert job is not None
        with pytest.raises(WalletFailed, match="500"):
            update_apple(phone.clinic.services, job, send)
        service.answers["aa11"] = (410, "Unregistered")
        update_apple(phone.clinic.services, job, send)
    assert phone.changed(since="") == [], "Apple says that the pass is there no more"


def test_an_unreachable_push_service_is_tried_again(phone: Phone) -> None:
    phone.register()
    job = job_after_use(phone.clinic)
    assert job is not None
    with pytest.raises(WalletFailed) as failed:
        update_apple(phone.clinic.services, job, partial(push, url="https://127.0.0.1:9"))
    assert not failed.value.permanent
    assert phone.changed(since="") == [phone.clinic.course], "what a phone asks for by itself it gets"


def test_nonsense_registers_nothing(phone: Phone) -> None:
    for wrong in ("", "x/../y", "ä", 7, None, ["a"], "x" * 201):
        assert phone.register(wrong) == 400, wrong
    assert phone.register(Authorization="ApplePass nothing") == 401
    address = f"{phone.address}/{phone.clinic.course}"
    client = phone.clinic.phone.client
    for body in (b"", b"[", b'{"pushToken": "' + b"a" * 5000 + b'"}', b"\xff" * 100, b"[" * 3000):
        assert client.post(address, data=body, headers=phone.headers()).status_code in (400, 413), body[:9]
    assert Phone(phone.clinic, "x" * 101).register() == 400
    for since in ("", "x", "9" * 400, "-1", "१", "1e9"):
        assert phone.changed(since) == [], since


def test_one_pass_is_on_so_many_devices_and_no_more(phone: Phone) -> None:
    assert {Phone(phone.clinic, f"device{n}").register() for n in range(MOST_DEVICES)} == {201}
    assert phone.register() == 404


def test_a_new_private_link_forgets_the_devices(phone: Phone) -> None:
    phone.register()
    renew_page(phone.clinic.desk.store, phone.clinic.desk.act(), phone.clinic.ana)
    assert phone.changed() == []
    assert phone.register() == 401
