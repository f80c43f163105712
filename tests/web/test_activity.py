"""The activity log on screen: what it tells of sign-ins, staff, downloads and settings; filters in the address."""

import csv
import io
from typing import get_args

import pytest
from flask import Flask

from plugin.configuration.save import recent_changes, setting_label
from plugin.core.acts import Role
from plugin.core.ledger import Kind
from plugin.courses.base.activity import Did
from plugin.courses.base.clinic import change_clinic
from plugin.courses.documents.series import Numbered
from plugin.courses.reports.activity import COURSE, OPENED, ActivityFilter, ActivityView, activity
from plugin.services import Services
from tests.courses.desk import OLGA, Desk
from tests.web.page import Page
from tests.web.test_screen_languages import choose
from tests.web.visitor import Visitor, hire


def log(services: Services, kind: str) -> list[ActivityView]:
    return list(activity(services.store, ActivityFilter(kind=kind), limit=200).rows)


def test_a_clinic_where_nothing_happened_yet_shows_its_first_sign_in(small_olga: Visitor) -> None:
    page = small_olga.page("/reports/activity")
    assert "Signed in" in page.text
    assert "Added Olga Ruiz" in page.text


def test_a_use_is_told_with_before_and_after(small_olga: Visitor, small_desk: Desk) -> None:
    small_desk.use(small_desk.sell())
    page = small_olga.page("/reports/activity?what=course")
    assert "Used a session of Facial acupuncture, course of 12: Facial acupuncture, 60 min" in page.text
    assert "Sessions 12 → 11 Value $1,980.00 → $1,815.00" in page.text
    rows = list(
        csv.DictReader(io.StringIO(small_olga.get("/reports/activity.csv?what=course").text.lstrip("\ufeff")))
    )
    used = next(each for each in rows if each["kind"] == "course.used")
    assert (used["sessions"], used["value_minor_units"]) == ("12 → 11", "198000 → 181500 USD")


def test_every_kind_of_act_has_words(small_app: Flask) -> None:
    with small_app.test_request_context():
        done = small_app.jinja_env.get_template("macros/activity.html").make_module().done  # type: ignore[attr-defined]  # set by it
    kinds = {*Did, *(f"{COURSE}.{kind}" for kind in Kind), f"{COURSE}.history", f"{OPENED}.client"}
    assert kinds - set(done) == set()


def test_a_changed_setting_is_told_by_its_lines_in_the_language_of_the_reader(
    small_olga: Visitor, small_desk: Desk, small_house: Services
) -> None:
    change_clinic(
        small_desk.store, small_desk.act(OLGA), {"phone": "+1 310-555-0199", "website": "jade.test"}
    )
    (change,) = recent_changes(small_house, limit=1)
    assert change.lines[1] == ("Phone: +1 310-555-0199", "Website: jade.test")
    choose(small_olga, "es")
    told = small_olga.page("/reports/activity?what=setting").text
    assert "Cambió Datos de la clínica" in told
    assert "Teléfono: +1 310-555-0199" in told
    assert "Sitio web: jade.test" in small_olga.page("/clinic/settings").text


def test_every_setting_that_is_recorded_has_a_name() -> None:
    for name in ("clinic.logo", "clinic.has_e_invoices", *(f"series.{kind}" for kind in get_args(Numbered))):
        assert setting_label(name) != name


def test_the_reason_of_an_undo_is_in_the_language_of_the_reader(
    small_olga: Visitor, small_desk: Desk
) -> None:
    course = small_desk.sell()
    entry = small_desk.use(course).entry.id
    client = small_desk.course(course).client_id
    small_olga.send(small_olga.page(f"/clients/{client}").form(f"/entries/{entry}/reversal"))
    assert "Undone at the desk" in small_olga.page(f"/clients/{client}").text
    choose(small_olga, "es")
    for address in (f"/clients/{client}", "/reports/activity"):
        text = small_olga.page(address).text
        assert "Deshecho en recepción" in text
        assert "Undone at the desk" not in text


def test_sign_ins_and_wrong_passwords_are_told_without_what_was_typed(
    small_app: Flask, small_house: Services
) -> None:
    stranger = Visitor(small_app)
    stranger.sign_in(hire(small_house, Role.DESK), "hunter2-typed-wrong")
    stranger.sign_in("my-password-in-the-wrong-field", "x")
    failed = log(small_house, "sign_in.failed")
    assert [(each.by, each.reason) for each in failed] == [("Unknown", "Password"), ("Deb Lane", "Password")]
    said = repr(log(small_house, "sign_in"))
    assert "hunter2" not in said
    assert "wrong-field" not in said


def test_a_download_is_told_and_a_page_is_not(small_olga: Visitor, small_house: Services) -> None:
    small_olga.page("/overview")
    assert log(small_house, "data") == []
    assert small_olga.get("/exports/courses.csv").status_code == 200
    (download,) = log(small_house, "data")
    assert (download.kind, download.name, download.by) == ("data.downloaded", "courses.csv", "Olga Ruiz")


@pytest.mark.parametrize("asked", ["who=%00", "client=none-such", "about='--"])
def test_nonsense_in_the_address_is_no_error_of_ours(small_olga: Visitor, asked: str) -> None:
    assert small_olga.get(f"/reports/activity?{asked}").status_code in (200, 400, 404)


def test_an_unknown_filter_shows_its_reason_and_no_rows(small_olga: Visitor) -> None:
    answer = small_olga.get("/reports/activity?what=everything&about=someone")
    assert answer.status_code == 422
    page = Page(answer.text)
    assert "“everything” is not among the choices." in page.text
    assert "Signed in" not in page.text
    assert page.form("/reports/activity").fields["about"] == "someone"


def test_refused_days_come_back_with_the_reason(small_olga: Visitor) -> None:
    answer = small_olga.get("/reports/activity?from=soon&what=staff&after=2020-01-01T00:00:00%2B00:00~0")
    assert answer.status_code == 422
    page = Page(answer.text)
    assert "From: enter a date such as 2026-11-30." in page.text
    assert "Signed in" not in page.text
    assert page.form("/reports/activity").fields["what"] == "staff"


def test_the_person_the_client_and_the_settings_lead_to_their_part(
    small_olga: Visitor, small_desk: Desk, small_house: Services
) -> None:
    client_id = small_desk.client("Ana Souza")
    assert f"/reports/activity?client={client_id}" in small_olga.page(f"/clients/{client_id}").links()
    assert "/reports/activity?what=setting" in small_olga.page("/clinic/settings").links()
    shown = small_olga.page(f"/reports/activity?client={client_id}")
    assert "Only about Ana Souza." in shown.text
    assert "Created client Ana Souza" in shown.text


def test_the_versions_of_a_package_are_told_by_what_differs(small_olga: Visitor, small_desk: Desk) -> None:
    package_id = small_desk.package()
    form = small_olga.page(f"/packages/{package_id}").form(f"/packages/{package_id}")
    small_olga.after(form, price="2,040.00")
    (versions,) = [each for each in small_olga.page("/packages").links() if f"about={package_id}" in each]
    page = small_olga.page(versions)
    assert "Changed the package" in page.text
    assert "Price: $1,980.00 Version: 2 Price: $2,040.00" in page.text.replace("Version: 1 ", "")
