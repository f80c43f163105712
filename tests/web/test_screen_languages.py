"""The language of the screens: one's own, else the clinic's; before sign-in, the browser's. The API speaks English."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from plugin import web, wording
from plugin.backups.restore import Restored
from plugin.configuration.save import shown
from plugin.core.acts import Role
from plugin.core.status import CLOSED
from plugin.core.terms import Terms
from plugin.courses.accounts.sign_ins import device_of
from plugin.courses.visits.no_shows import HOW
from plugin.job_registry import JOBS
from plugin.services import Services
from plugin.settings import Settings
from plugin.square.connection.authorize import BEGIN_AGAIN
from plugin.staff_languages import staff_language
from plugin.stored_sentences import in_words
from plugin.web.translations import N_, _, ngettext
from plugin.wording import first_sentence, joined, speaking
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.web.test_client_page import client_address
from tests.web.visitor import Visitor, hire

ACCOUNT = "/account"


def choose(visitor: Visitor, language: str) -> Any:
    return visitor.send(visitor.page(ACCOUNT).form("/language"), language=language)


def language_of(visitor: Visitor, address: str = ACCOUNT) -> str:
    return visitor.page(address).html.partition('<html lang="')[2].partition('"')[0]


def test_a_person_chooses_and_others_keep_theirs(small_deb: Visitor, small_olga: Visitor) -> None:
    assert language_of(small_deb) == "en"
    assert choose(small_deb, "es").status_code == 303
    page = small_deb.page(ACCOUNT)
    assert "Su idioma quedó guardado." in page.text
    assert "Guardar idioma" in page.text
    assert language_of(small_deb) == "es-US"
    assert language_of(small_olga) == "en"


def test_a_language_without_a_catalog_is_refused(small_deb: Visitor) -> None:
    assert choose(small_deb, "zh").status_code == 422
    assert language_of(small_deb) == "en"


@pytest.mark.parametrize(
    ("asked", "tag"),
    [("es-MX,es;q=0.9,en;q=0.8", "es-US"), ("en-US,es;q=0.5", "en"), ("fr", "en"), ("", "en"), (";;q", "en")],
)
def test_before_sign_in_the_browser_decides(small_app: Flask, asked: str, tag: str) -> None:
    hire(small_app.extensions["coursekeeper"], Role.OWNER)
    answer = Visitor(small_app).get("/sign-in", headers={"Accept-Language": asked})
    assert f'<html lang="{tag}">' in answer.text


def test_a_request_leaves_the_next_one_in_english(small_deb: Visitor) -> None:
    choose(small_deb, "es")
    small_deb.page(ACCOUNT)
    assert wording.spoken_tag() == ""
    assert small_deb.get("/api/v1/clients").json["error"]["message"].startswith("Send the token")


def test_a_marked_sentence_is_english_until_it_is_shown() -> None:
    later = N_("Save language")
    assert later == "Save language"
    with speaking(staff_language("es-MX")):
        assert str(later) == "Guardar idioma"
        assert _("Language") == "Idioma"
    assert str(later) == "Save language"


def test_a_no_show_is_one_noun_in_spanish() -> None:
    # It is the state of an arrival, a choice and a heading.
    with speaking(staff_language("es-MX")):
        assert [str(HOW["no_show"]), _("No-shows")] == ["Ausencia", "Ausencias"]


def test_how_a_course_was_closed_is_in_the_language_of_the_reader() -> None:
    said = N_("This course was {closed_as}.", closed_as=CLOSED["transferred"])
    assert said == "This course was transferred."
    with speaking(staff_language("es")):
        assert str(said) == "Este plan está transferido."


def test_a_sentence_that_ends_with_an_hour_has_one_period() -> None:
    at = "4:36 p.m."
    with speaking(staff_language("es")):
        assert _("Since {when}.", when=at) == "Desde 4:36 p.m."
        assert _("Last one arrived {when}.", when=f"<b>{at}</b>") == "La última llegó <b>4:36 p.m.</b>"
        assert _(
            "Offline, as of {time}. Sessions and visit notes are kept and sent once the connection is back.",
            time=at,
        ) == (
            "Sin conexión, datos de las 4:36 p.m. Las sesiones y notas se conservan y se envían cuando vuelva la"
            " conexión."
        )


def test_values_fill_the_braces_and_numbers_choose_their_form() -> None:
    assert _("{name} is already in use.", name="{x}") == "{x} is already in use."
    assert _("50 % {}") == "50 % {}"
    assert [ngettext("{n} client", "{n} clients", n) for n in (1, 0, 1200)] == [
        "1 client",
        "0 clients",
        "1,200 clients",
    ]


def test_lists_and_their_notices_are_in_the_language_of_the_person(small_olga: Visitor) -> None:
    choose(small_olga, "es")
    assert "2 sesiones restantes o menos" in small_olga.page("/courses").text
    page = small_olga.page("/clinic/visit-lists")
    form = next(each for each in page.forms if each.action.endswith("/retirement"))
    retired = small_olga.after(form)
    assert "Las visitas que lo tienen lo conservan." in retired.text
    back = next(each for each in retired.forms if each.action == form.action)
    assert "está de nuevo en la lista." in small_olga.after(back).text


def test_what_is_offered_on_a_course_does_not_depend_on_the_language(
    small_deb: Visitor, small_desk: Desk
) -> None:
    course_id = small_desk.sell(small_desk.package(sessions=1, terms=Terms(expires_after_months=6)))
    address = client_address(small_desk, course_id)
    choose(small_deb, "es")
    assert "vence el 22 may" in small_deb.page(address).text
    small_desk.use(course_id)
    used_up = small_deb.page(address).html
    assert re.search(r'class="button primary" href="/sell\?[^"]*">Venderlo de nuevo<', used_up)


def test_a_report_is_in_the_language_of_the_person_and_its_file_in_english(
    small_olga: Visitor, small_desk: Desk
) -> None:
    small_desk.use(small_desk.sell())
    choose(small_olga, "es")
    for address, heading in (
        ("/reports/usage?by=practitioner", "Profesional"),
        ("/reports/pay", "Profesional"),
    ):
        page = small_olga.page(address)
        assert f"{heading} Sesiones" in page.text, address
        assert "Sin asignar" in page.text, address
        file = small_olga.get(next(link for link in page.links() if ".csv" in link)).text
        assert file.startswith("\ufeffPractitioner,Sessions,"), address
        assert "Unassigned,1," in file, address


def test_how_cash_is_reviewed_is_in_the_language_of_the_person(
    small_olga: Visitor, small_house: Services, clock: HandMovedClock
) -> None:
    desk = Desk(small_house.store, clock)
    package_id, client_id = desk.package(name="Facial"), desk.client()
    choose(small_olga, "es")
    page = small_olga.page(f"/sell?client_id={client_id}&package_id={package_id}")
    assert "Efectivo, {supplied} recibidos" in page.html


def test_a_field_of_the_package_is_named_in_the_language_of_the_person(small_olga: Visitor) -> None:
    choose(small_olga, "es")
    answer = small_olga.send(small_olga.page("/packages").form("/packages"), treatment="")
    assert answer.status_code == 422
    assert "The treatment" not in answer.text


def test_devices_countries_and_settings_are_in_the_language_of_the_person(small_olga: Visitor) -> None:
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1"
    assert in_words(device_of(agent), "es-US") == "Safari en un iPhone"
    assert in_words(device_of("Linux"), "es-US") == "Un navegador en una PC con Linux"
    assert in_words(device_of(""), "es-US") == "Navegador desconocido"
    choose(small_olga, "es")
    step = small_olga.get("/first-steps/clinic").text
    assert "Estados Unidos" in step
    assert "USD – dólar estadounidense" in step


def test_a_choice_is_in_the_language_of_who_opens_the_page_not_of_who_opened_it_first(
    small_olga: Visitor,
) -> None:
    choose(small_olga, "es")
    assert "Desactivado" in small_olga.get("/clinic/settings/agreements").text
    choose(small_olga, "en")
    assert "Desactivado" not in small_olga.get("/clinic/settings/agreements").text


def test_nothing_is_put_into_words_where_it_is_kept_for_the_next_person() -> None:
    assert _kept_words("@cache\ndef kept():\n    return _('Off')\n") == [3]
    assert _kept_words("@cache\ndef kept():\n    return inner()\ndef inner():\n    return _('Off')\n") == [5]
    for path in Path(web.__file__).parent.rglob("*.py"):
        assert _kept_words(path.read_text(encoding="utf-8")) == [], path


def _kept_words(source: str) -> list[int]:
    """Return the lines that translate within what a cached function of this module calls."""
    functions = {each.name: each for each in ast.parse(source).body if isinstance(each, ast.FunctionDef)}
    waiting = [name for name, each in functions.items() if _is_cached(each)]
    found, seen = [], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in functions:
            continue
        seen.add(name)
        for call in (each for each in ast.walk(functions[name]) if isinstance(each, ast.Call)):
            called = getattr(call.func, "id", "")
            if called in ("_", "ngettext", "pgettext"):
                found.append(call.lineno)
            waiting.append(called)
    return found


def _is_cached(function: ast.FunctionDef) -> bool:
    return any(ast.unparse(each).split("(")[0] in ("cache", "lru_cache") for each in function.decorator_list)


def test_what_the_server_sets_is_shown_briefly_and_in_words() -> None:
    settings = Settings(wallet_certificate="A" * 1500, tip_links=True)
    assert shown(settings, "wallet_certificate") == "A" * 80 + "…"
    with speaking(staff_language("es-US")):
        assert [str(shown(settings, each)) for each in ("tip_links", "public_packages")] == ["Sí", "No"]


def test_names_of_papers_and_what_keeps_one_from_being_made_are_in_the_language_of_the_person(
    small_deb: Visitor,
) -> None:
    choose(small_deb, "es")
    text = small_deb.page("/papers/batches").text
    assert "Resumen del plan" in text
    assert "Course summary" not in text
    assert in_words("The paper could not be made just now. Nothing is lost; try again.", "es").startswith(
        "El documento no se pudo crear"
    )


def test_what_a_text_can_not_be_is_in_the_language_of_the_person(
    small_olga: Visitor, small_desk: Desk
) -> None:
    small_desk.package()
    choose(small_olga, "es")
    texts = small_olga.page("/clinic/papers/texts")
    address = next(each for each in texts.links() if re.search(r"/texts/[^/]+/en$", each))
    form = small_olga.page(address).form(address)
    refused = {
        "Hola": "Ponga un título como “## Esta noche” antes de “Hola”.",
        "# Hola": "necesita una parte “## Cuándo llamar”",
    }
    for typed, said in refused.items():
        answer = small_olga.send(form, markdown=typed)
        assert answer.status_code == 422
        assert said in answer.text


def test_what_a_setting_can_not_be_is_in_the_language_of_the_person(small_olga: Visitor) -> None:
    choose(small_olga, "es")
    page = small_olga.page("/clinic/settings/retention")
    answer = small_olga.send(page.form("/retention"), retention_days="7")
    assert answer.status_code == 422
    assert "debe ser mayor que 30." in answer.text
    page = small_olga.page("/clinic/settings/alarms")
    answer = small_olga.send(page.form("/alarms"), alarm_emails="nobody")
    assert "nobody no es una dirección de correo; sepárelas con comas." in answer.text


def test_the_names_of_jobs_and_what_to_do_after_a_restore_are_in_the_language_of_the_person() -> None:
    restored = Restored(None, None, (), has_lost_keys=True, replaced=None)
    english = {*restored.to_check, *(each.title for each in JOBS.values())}
    with speaking(staff_language("es")):
        assert [each for each in english if str(each) == each[:]] == []


def test_a_failure_of_square_is_in_the_language_of_the_person() -> None:
    said = joined((first_sentence(_("Square does not answer. It is tried again.")), BEGIN_AGAIN))
    assert said == f"Square does not answer. {BEGIN_AGAIN[:]}"
    later = first_sentence(N_("Saved. It is in use now."))
    assert later == "Saved."
    with speaking(staff_language("es")):
        assert str(later) == str(N_("Saved. It is in use now.")).partition(".")[0] + "."
        assert str(later) != "Saved."
