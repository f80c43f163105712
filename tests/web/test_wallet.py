"""The Apple Wallet pass: its files, its signature read by openssl, what it says, and who may ask for a newer one."""

import base64
import hashlib
import io
import json
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from flask import Flask
from pydantic import SecretStr

from plugin.core.acts import Role
from plugin.core.status import Status
from plugin.courses.clients.private_page import renew_page, token_of
from plugin.courses.clients.wallet_passes import register_device
from plugin.courses.handouts.wallet_pass import pass_signer
from plugin.errors import ConfigurationError
from plugin.services import Services
from plugin.store import Store
from tests.api.conftest import caller_with
from tests.courses.changes.changing import Changes
from tests.courses.desk import Desk, back
from tests.web.conftest import signed_in
from tests.web.visitor import Visitor

TYPE = "pass.example.jade"


def name_of(**parts: str) -> x509.Name:
    oids = {"uid": NameOID.USER_ID, "ou": NameOID.ORGANIZATIONAL_UNIT_NAME, "cn": NameOID.COMMON_NAME}
    return x509.Name([x509.NameAttribute(oids[each], value) for each, value in parts.items()])


def certificate_of(
    name: x509.Name, key: RSAPrivateKey, issuer: x509.Name, by: RSAPrivateKey, *more: x509.ExtensionType
) -> x509.Certificate:
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.add_extension(x509.BasicConstraints(ca=name == issuer, path_length=None), critical=True)
    for each in more:
        made = made.add_extension(each, critical=False)
    return made.not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1)).sign(by, SHA256())


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Apple:
    """An authority as Apple's, and the certificate of a clinic."""

    def __init__(self) -> None:
        self.key, own = generate_private_key(65537, 2048), generate_private_key(65537, 2048)
        authority = name_of(cn="Worldwide Developer Relations")
        self.root = certificate_of(authority, self.key, authority, self.key)
        clinic = certificate_of(name_of(uid=TYPE, ou="TEAM123456", cn="Pass"), own, authority, self.key)
        secret = self.key_der = own.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        self.texts = (
            _text(clinic.public_bytes(Encoding.DER)),
            _text(secret),
            _text(self.root.public_bytes(Encoding.DER)),
        )


@cache
def apple_once() -> Apple:
    """Return one authority for all tests of a process: its keys take long to make."""
    return Apple()


@pytest.fixture(scope="module")
def apple() -> Apple:
    return apple_once()


class Clinic:
    def __init__(self, app: Flask, house: Services, desk: Desk, apple: Apple) -> None:
        certificate, key, intermediate = apple.texts
        on: dict[str, Any] = {
            "wallet_certificate": certificate,
            "wallet_private_key": SecretStr(key),
            "wallet_intermediate": intermediate,
            "public_url": "https://desk.example.org",
        }
        self.services = replace(house, settings_source=house.settings.model_copy(update=on))
        app.extensions["coursekeeper"] = self.services
        self.app, self.desk = app, desk
        self.course = desk.sell()
        self.ana = desk.course(self.course).client_id or ""
        self.phone = Visitor(app)

    @property
    def page(self) -> str:
        return f"/my/{token_of(self.desk.store, self.desk.act(), self.ana)}"

    def files(self, address: str = "", **headers: str) -> dict[str, bytes]:
        answer = self.phone.get(
            address or f"{self.page}/courses/{self.course}/wallet.pkpass", headers=headers
        )
        assert answer.status_code == 200, answer.status_code
        assert answer.mimetype == "application/vnd.apple.pkpass"
        with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def ask(self, token: str, course: str = "", kind: str = TYPE) -> int:
        address = f"/wallet/v1/passes/{kind}/{course or self.course}"
        return self.phone.get(address, headers={"Authorization": f"ApplePass {token}"}).status_code


@pytest.fixture
def clinic(small_app: Flask, small_house: Services, small_desk: Desk, apple: Apple) -> Clinic:
    return Clinic(small_app, small_house, small_desk, apple)


def test_off_there_is_no_pass(small_app: Flask, small_desk: Desk) -> None:
    course = small_desk.sell()
    page = f"/my/{token_of(small_desk.store, small_desk.act(), small_desk.course(course).client_id or '')}"
    phone = Visitor(small_app)
    assert "Apple Wallet" not in phone.page(page).text
    assert phone.get(f"{page}/courses/{course}/wallet.pkpass").status_code == 404
    assert phone.client.post("/wallet/v1/log", data="x").status_code == 404


def test_it_is_what_wallet_reads(clinic: Clinic, apple: Apple, tmp_path: Path) -> None:
    clinic.desk.use(clinic.course)
    assert "Add to Apple Wallet" in clinic.phone.page(clinic.page).text
    files = clinic.files()
    manifest = json.loads(files["manifest.json"])
    named = {name: hashlib.sha1(data).hexdigest() for name, data in files.items() if name in manifest}
    assert named == manifest
    assert set(files) - set(manifest) == {"manifest.json", "signature"}
    content = json.loads(files["pass.json"])
    assert (content["formatVersion"], content["passTypeIdentifier"]) == (1, TYPE)
    assert (content["teamIdentifier"], content["serialNumber"]) == ("TEAM123456", clinic.course)
    assert content["storeCard"]["primaryFields"][0]["value"] == "11 of 12 left"
    assert content["barcodes"][0]["message"] == f"https://desk.example.org{clinic.page}"
    assert content["webServiceURL"] == "https://desk.example.org/wallet"
    assert len(content["authenticationToken"]) >= 16

    for name, data in (("m", files["manifest.json"]), ("s", files["signature"])):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "root").write_bytes(apple.root.public_bytes(Encoding.PEM))
    verify = ["openssl", "smime", "-verify", "-binary", "-inform", "DER", "-purpose", "any"]
    told = subprocess.run(
        [*verify, "-in", tmp_path / "s", "-content", tmp_path / "m", "-CAfile", tmp_path / "root"],
        capture_output=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout == files["manifest.json"]


def test_a_phone_knows_when_a_course_expires_and_that_one_is_over(clinic: Clinic) -> None:
    def said() -> tuple[bool, str | None]:
        content = json.loads(clinic.files()["pass.json"])
        return content["voided"], content.get("expirationDate")

    assert said() == (False, None)
    changes = Changes(clinic.desk)
    changes.extend(clinic.course, date(2027, 7, 1), shorten=True)
    assert said() == (False, "2027-07-01T23:59:59-07:00")
    changes.freeze(clinic.course)
    assert said() == (False, None), "it does not expire on hold"
    changes.thaw(clinic.course)
    clinic.desk.refund(clinic.desk.course(clinic.course).square_order_id or "", 198000, back())
    assert clinic.desk.course(clinic.course).status is Status.REFUNDED
    assert said()[0] is True


def test_a_phone_gets_the_newest_count_until_the_private_link_is_reset(clinic: Clinic) -> None:
    token = json.loads(clinic.files()["pass.json"])["authenticationToken"]
    clinic.desk.use(clinic.course)
    newest = clinic.files(f"/wallet/v1/passes/{TYPE}/{clinic.course}", Authorization=f"ApplePass {token}")
    assert b"11 of 12 left" in newest["pass.json"]
    for wrong in ("", "x" * 64, token[:-1], "é", "x" * 9000):
        assert clinic.ask(wrong) == 401, wrong
    assert clinic.ask(token, course="unknown") == 401
    assert clinic.ask(token, kind="pass.other") == 404
    renew_page(clinic.desk.store, clinic.desk.act(), clinic.ana)
    assert clinic.ask(token) == 401


def test_a_pass_that_was_asked_for_before_comes_while_nothing_can_be_written(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"{clinic.page}/courses/{clinic.course}/wallet.pkpass"
    clinic.files(address)

    def refuse(_store: Store) -> None:
        raise AssertionError("a writing transaction was begun")

    monkeypatch.setattr(Store, "writing", refuse)
    assert clinic.files(address)


def test_a_program_reads_where_it_is_saved_and_on_how_many_devices(clinic: Clinic) -> None:
    program = caller_with(clinic.app, Role.DESK)
    address = f"{clinic.page}/courses/{clinic.course}/wallet.pkpass"
    said = program.get(f"/courses/{clinic.course}/passes").json
    assert said == {
        "apple": {"url": f"https://desk.example.org{address}", "saved": 0},
        "google": {"url": None, "saved": 0},
    }
    register_device(clinic.desk.store, clinic.desk.act(), clinic.course, "A-PHONE", "ab12")
    again = program.get(f"/courses/{clinic.course}/passes").json
    assert again["apple"] == {"url": f"https://desk.example.org{address}", "saved": 1}
    nobodys = clinic.desk.sell(buyer=None)
    assert program.get(f"/courses/{nobodys}/passes").status_code == 409
    assert (
        caller_with(clinic.app, Role.PRACTITIONER).get(f"/courses/{clinic.course}/passes").status_code == 403
    )


def test_nobody_gets_the_pass_of_another(clinic: Clinic) -> None:
    bea = clinic.desk.client("Bea Wong")
    page = f"/my/{token_of(clinic.desk.store, clinic.desk.act(), bea)}"
    assert clinic.phone.get(f"{page}/courses/{clinic.course}/wallet.pkpass").status_code == 404


def test_the_owner_tries_the_certificate(clinic: Clinic) -> None:
    owner = signed_in(clinic.app, clinic.services, Role.OWNER)
    assert "Download a test pass" in owner.page("/clinic/settings/wallet").text
    made = owner.get("/clinic/settings/wallet/test.pkpass")
    assert zipfile.ZipFile(io.BytesIO(made.data)).read("pass.json")


def test_without_a_certificate_there_is_no_test_pass(small_olga: Visitor) -> None:
    assert small_olga.get("/clinic/settings/wallet/test.pkpass").status_code == 404


def test_what_is_wrong_with_a_certificate_is_said(apple: Apple) -> None:
    certificate, key, intermediate = apple.texts
    other = Apple().texts
    for texts, why in (
        (("not Base64!", key, intermediate), "not Base64"),
        ((_text(b"nonsense"), key, intermediate), "certificate can’t be read"),
        ((certificate, _text(b"nonsense"), intermediate), "private key can’t be read"),
        ((certificate, other[1], intermediate), "does not belong"),
        ((certificate, key, certificate), "did not issue"),
    ):
        with pytest.raises(ConfigurationError, match=why):
            pass_signer(*texts)
