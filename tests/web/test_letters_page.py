"""The pages of client e-mails: the owner's switches and words, a client's choice at the desk and by the link."""

from flask import Flask

from plugin.core.letters import LetterKind
from plugin.courses.clients.clients import read_client
from plugin.courses.clients.private_page import stop_token
from plugin.courses.letters.kinds import declined_by, list_letter_kinds, switch_letter
from plugin.services import Services
from tests.courses.desk import OLGA, Desk
from tests.web.visitor import Visitor


def test_the_owner_switches_words_and_sees_who_is_next(small_desk: Desk, small_olga: Visitor) -> None:
    course = small_desk.sell()
    for _ in range(10):
        small_desk.use(course)
    page = small_olga.page("/clinic/letters")
    assert "No e-mail is scheduled." in page.text
    assert "between 9:00 AM and 7:00 PM" in page.text.replace("\u202f", " ")
    after = small_olga.after(page.form("/two_left/switch"))
    assert "“Two sessions left” is sent from now on." in after.text
    assert "Ana Souza" in after.text
    one = small_olga.page("/clinic/letters/two_left")
    assert "Quedan dos sesiones de su plan" in one.text
    after = small_olga.after(one.form("/clinic/letters/two_left"), words_en="Nearly there.")
    assert "Nearly there." in after.text
    assert list_letter_kinds(small_desk.store)[4].words == {"en": "Nearly there."}
    in_chinese = {"en": "Nearly there.", "zh-Hans": "快到了。"}
    small_olga.after(after.form("/clinic/letters/two_left"), words_zh="快到了。")
    # Saved again as the page shows it, nothing is lost.
    small_olga.after(small_olga.page("/clinic/letters/two_left").form("/clinic/letters/two_left"))
    assert list_letter_kinds(small_desk.store)[4].words == in_chinese
    refused = small_olga.send(one.form("/clinic/letters/two_left"), words_zh="x" * 601)
    assert 'href="#words_zh"' in refused.text
    refused = small_olga.send(one.form("/clinic/letters/two_left"), words_es="x" * 601)
    assert "at most 600 characters" in refused.text
    assert small_olga.get("/clinic/letters/nothing").status_code == 404
    refused = small_olga.send(page.form("/two_left/switch"), key="")
    assert (refused.status_code, "Two sessions left" in refused.text) == (422, True)


def test_the_desk_stops_a_kind_for_one_client(small_desk: Desk, small_deb: Visitor) -> None:
    ana = small_desk.client(email="ana@example.org")
    page = small_deb.page(f"/clients/{ana}/letters")
    after = small_deb.after(page.form(f"/clients/{ana}/letters/lapsed"))
    assert "They no longer get “Not seen for weeks”." in after.text
    assert declined_by(small_desk.store, ana) == {LetterKind.LAPSED}
    small_deb.after(after.form(f"/clients/{ana}/letters/lapsed"))
    assert declined_by(small_desk.store, ana) == set()


def test_the_link_stops_one_kind_or_all_without_a_sign_in(
    small_desk: Desk, small_house: Services, small_app: Flask
) -> None:
    visitor = Visitor(small_app)
    ana = small_desk.client(email="ana@example.org")
    token = stop_token(small_house.settings.secret_key.get_secret_value(), ana)
    page = visitor.page(f"/mail/stop/{token}?kind=lapsed")
    assert "Ana" not in page.text
    assert declined_by(small_desk.store, ana) == set()
    for _ in range(2):
        visitor.send(page.form("/lapsed"))
    assert declined_by(small_desk.store, ana) == {LetterKind.LAPSED}
    assert read_client(small_desk.store, ana).wants_mail
    # One click of a mail program (RFC 8058).
    answer = visitor.client.post(f"/mail/stop/{token}", data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert not read_client(small_desk.store, ana).wants_mail
    for bad in (f"/mail/stop/{token}/nothing", f"/mail/stop/{token}x/lapsed"):
        assert visitor.client.post(bad).status_code == 404
    assert "kind=" not in visitor.page(f"/mail/stop/{token}?kind=%3Cscript%3E").text


def test_a_switched_off_kind_foretells_nothing(small_desk: Desk, small_olga: Visitor) -> None:
    switch_letter(small_desk.store, small_desk.act(OLGA), LetterKind.LOW, is_on=True)
    switch_letter(small_desk.store, small_desk.act(OLGA), LetterKind.LOW, is_on=False)
    assert "No e-mail is scheduled" in small_olga.page("/clinic/letters").text
