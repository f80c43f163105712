"""Google Wallet: the link that saves a pass, the object, its updates, and what becomes of a pass that is nobody's."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from flask import Flask
from pydantic import SecretStr

from plugin.courses.base.outbox import Job, claim_job
from plugin.courses.clients.private_page import renew_page, token_of
from plugin.courses.clients.wallet_passes import GOOGLE, UPDATE, WITHDRAW
from plugin.courses.handouts.wallet_pass import LONGEST_LINK, GooglePass, google_account, save_link
from plugin.courses.privacy.erasure import Erasure, erase_client
from plugin.courses.reports.by_month import passes_by_month
from plugin.errors import ConfigurationError, InvalidField, WalletFailed
from plugin.jobs import RunAgain, complete
from plugin.services import Services
from plugin.settings import Settings
from plugin.wallet.google import try_wallet
from plugin.wallet.jobs import update_google, withdraw_google
from plugin.worker import Worker
from tests.courses.changes.changing import Changes
from tests.courses.desk import OLGA, Desk
from tests.web.google_stand_in import Google, serving, wrong_with
from tests.web.test_wallet import apple_once
from tests.web.visitor import Visitor

ISSUER, EMAIL = (
    "3388000000012345678",
    "a-long-name-for-passes@a-project-of-thirty-characters.iam.gserviceaccount.com",
)


def account_file() -> str:
    key = load_der_private_key(apple_once().key_der, password=None)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return json.dumps({"type": "service_account", "client_email": EMAIL, "private_key": pem})


class Clinic:
    def __init__(self, app: Flask, house: Services, desk: Desk, google: Google) -> None:
        on: dict[str, Any] = {
            "google_wallet_issuer_id": ISSUER,
            "google_wallet_account": SecretStr(account_file()),
            "public_url": "https://desk.example.org",
        }
        self.services = replace(house, settings_source=house.settings.model_copy(update=on))
        app.extensions["coursekeeper"] = self.services
        self.desk, self.google, self.phone = desk, google, Visitor(app)
        self.course = desk.sell()
        self.ana = desk.course(self.course).client_id or ""

    @property
    def address(self) -> str:
        page = token_of(self.desk.store, self.desk.act(), self.ana)
        return f"/my/{page}/courses/{self.course}/google-wallet"

    def saved(self) -> str:
        answer = self.phone.get(self.address)
        assert answer.status_code == 303
        return self.google.save(answer.headers["Location"])

    def job(self, kind: str = UPDATE[GOOGLE]) -> Job | None:
        """Draw the papers, as the worker does after a change; return the job that follows."""
        worker = Worker(self.services)
        while worker.run_next("papers"):
            pass
        return claim_job(self.desk.store, self.services.clock(), of=[kind])

    def updated(self) -> str | RunAgain:
        job = self.job()
        assert job is not None
        outcome = update_google(self.services, job, self.google.endpoints)
        complete(self.services, job, outcome)
        return outcome

    def left(self, saved: str) -> str:
        return str(self.google.objects[saved]["header"]["defaultValue"]["value"])


@pytest.fixture
def google() -> Iterator[Google]:
    key = load_der_private_key(apple_once().key_der, password=None)
    with serving(Google(key.public_key(), EMAIL, ISSUER)) as served:  # type: ignore[arg-type]
        yield served


@pytest.fixture
def clinic(small_app: Flask, small_house: Services, small_desk: Desk, google: Google) -> Clinic:
    return Clinic(small_app, small_house, small_desk, google)


def test_off_there_is_no_link(small_app: Flask, small_desk: Desk) -> None:
    course = small_desk.sell()
    page = f"/my/{token_of(small_desk.store, small_desk.act(), small_desk.course(course).client_id or '')}"
    assert "Google Wallet" not in Visitor(small_app).page(page).text
    assert Visitor(small_app).get(f"{page}/courses/{course}/google-wallet").status_code == 404


def test_it_says_what_is_left_and_follows_each_use_and_undo(clinic: Clinic) -> None:
    assert clinic.job() is None, "nobody has a pass"
    saved = clinic.saved()
    assert saved == clinic.saved(), "the same pass, whoever presses twice"
    assert clinic.left(saved) == "12 of 12 left"
    used = clinic.desk.use(clinic.course)
    assert clinic.updated() == "The pass says what is left."
    assert clinic.left(saved) == "11 of 12 left"
    clinic.desk.undo(used.entry.id)
    clinic.updated()
    assert clinic.left(saved) == "12 of 12 left"
    month = passes_by_month(clinic.desk.store, clinic.services.clock())[-1]
    assert (month.made, month.added, month.updated, month.removed) == (1, 1, 2, 0)
    told = json.dumps(clinic.google.objects[saved])
    assert not any(each in told for each in ("Ana", "/my/")), "Google stores it"


def test_what_google_does_not_answer_is_tried_again(clinic: Clinic) -> None:
    saved = clinic.saved()
    clinic.desk.use(clinic.course)
    job = clinic.job()
    assert job is not None
    for status in (500, 429, 403):
        clinic.google.broken = status
        with pytest.raises(WalletFailed) as failed:
            update_google(clinic.services, job, clinic.google.endpoints)
        assert not failed.value.permanent, status
    clinic.google.broken = 0
    update_google(clinic.services, job, clinic.google.endpoints)
    assert clinic.left(saved) == "11 of 12 left"


def test_a_pass_that_was_not_saved_is_asked_for_again_and_then_left_alone(clinic: Clinic) -> None:
    clinic.phone.get(clinic.address)
    clinic.desk.use(clinic.course)
    assert isinstance(clinic.updated(), RunAgain)
    clinic.desk.clock.advance(hours=2)
    clinic.desk.use(clinic.course)
    assert clinic.updated() == "The pass was never saved."
    assert clinic.updated() == "Nobody has this course as a pass."
    month = passes_by_month(clinic.desk.store, clinic.services.clock())[-1]
    assert (month.made, month.added, month.updated, month.removed) == (1, 0, 0, 0), "it was in no wallet"
    clinic.desk.clock.advance(days=1)
    clinic.desk.use(clinic.course)
    assert clinic.job() is None


def test_google_lists_a_pass_as_expired_by_itself_and_one_that_is_over_at_once(clinic: Clinic) -> None:
    saved, changes = clinic.saved(), Changes(clinic.desk)
    assert "validTimeInterval" not in clinic.google.objects[saved]
    changes.extend(clinic.course, date(2027, 11, 30), shorten=True)
    clinic.updated()
    ends = clinic.google.objects[saved]["validTimeInterval"]["end"]["date"]
    assert ends == "2027-11-30T23:59:59-08:00"
    changes.freeze(clinic.course)
    clinic.updated()
    on_hold = clinic.google.objects[saved]
    assert (on_hold["state"], on_hold["validTimeInterval"]) == ("ACTIVE", None), "it does not expire on hold"
    for _ in range(12):
        clinic.desk.clock.advance(days=1)
        if not clinic.desk.course(clinic.course).is_usable:
            changes.thaw(clinic.course)
        clinic.desk.use(clinic.course)
    clinic.updated()
    assert clinic.google.objects[saved]["state"] == "COMPLETED"


def test_a_new_private_link_withdraws_the_pass(clinic: Clinic) -> None:
    saved = clinic.saved()
    renew_page(clinic.desk.store, clinic.desk.act(), clinic.ana)
    job = clinic.job(WITHDRAW)
    assert job is not None
    withdraw_google(clinic.services, job, clinic.google.endpoints)
    assert clinic.google.objects[saved]["state"] == "INACTIVE"
    assert "left" not in json.dumps(clinic.google.objects[saved])


def test_an_erased_client_leaves_no_pass(clinic: Clinic) -> None:
    saved = clinic.saved()
    act = clinic.desk.act(OLGA)
    erase_client(clinic.desk.store, act, Erasure(clinic.ana, "Ana Souza", gives_up=True))
    job = clinic.job(WITHDRAW)
    assert job is not None
    withdraw_google(clinic.services, job, clinic.google.endpoints)
    assert clinic.google.objects[saved]["state"] == "INACTIVE"


def test_each_phone_is_offered_its_own_wallet(clinic: Clinic) -> None:
    page = clinic.address.partition("/courses")[0]
    for browser, offered in (("Android 15", True), ("Windows", True), ("iPhone; CPU iPhone OS", False)):
        shown = clinic.phone.get(page, headers={"User-Agent": browser}).text
        assert ("Add to Google Wallet" in shown) is offered, browser
        assert "Add to Apple Wallet" not in shown


def test_nobody_saves_the_pass_of_another(clinic: Clinic) -> None:
    bea = clinic.desk.client("Bea Wong")
    page = f"/my/{token_of(clinic.desk.store, clinic.desk.act(), bea)}"
    assert clinic.phone.get(f"{page}/courses/{clinic.course}/google-wallet").status_code == 404


def test_the_link_is_short_enough_for_every_browser(clinic: Clinic) -> None:
    account = google_account(ISSUER, account_file())
    names = "玉兰针灸与面部护理诊所" * 20
    rows = {"expires": ("到期日", "2026年11月29日"), "next": ("您的下次预约", "2026年11月29日星期日")}
    ends = datetime(2027, 11, 29, 23, 59, 59, tzinfo=ZoneInfo("Asia/Shanghai"))
    said = GooglePass("zh-Hans", names, "还剩 12 次，共 12 次", names, "#0F6B5C", False, ends, rows)
    link = save_link(account, clinic.course, said, clinic.services.clock())
    assert len(link) <= LONGEST_LINK
    clinic.google.save(link)


def test_the_stand_in_refuses_what_google_would() -> None:
    wrong = {"id": "no issuer", "classId": f"{ISSUER}.a b", "header": {"value": "x"}, "point": 7}
    found = wrong_with(wrong, is_whole=True)
    assert set(found) == {
        "no such field: point",
        "required: cardTitle",
        "bad id",
        "bad classId",
        "bad header",
    }


def test_what_is_wrong_with_an_account_is_said_before_it_is_saved(google: Google, clinic: Clinic) -> None:
    changes = {"google_wallet_issuer_id": ISSUER, "google_wallet_account": account_file()}
    now = clinic.services.clock()
    try_wallet(Settings(), changes, now, google.endpoints)
    assert google.called[-1] == f"GET /v1/genericClass/{ISSUER}.coursekeeper"
    google.is_invited = False
    with pytest.raises(InvalidField, match="Invite its address"):
        try_wallet(Settings(), changes, now, google.endpoints)
    with pytest.raises(InvalidField, match="can’t be reached"):
        try_wallet(Settings(), changes, now, replace(google.endpoints, token="http://127.0.0.1:9/"))
    for text, why in (
        ("{}", "paste the whole file"),
        ("[1]", "paste"),
        (_with_key("nonsense"), "can’t be read"),
    ):
        with pytest.raises(ConfigurationError, match=why):
            google_account(ISSUER, text)


def _with_key(pem: str) -> str:
    return json.dumps({"client_email": EMAIL, "private_key": pem})
