"""The owner's papers: letterhead, logo, numbers, texts beside the sheet they make, and the list of what was issued."""

import io
import re
from dataclasses import replace
from urllib.parse import unquote

import pytest
from PIL import Image
from sqlalchemy import select

from plugin.core.acts import Role
from plugin.courses.base.clinic import read_clinic
from plugin.courses.catalog.names import names_in
from plugin.courses.handouts.content import clinic_on_paper
from plugin.courses.handouts.texts import read_treatment_text
from plugin.services import Services
from plugin.store.documents import Document
from plugin.store.offers import Treatment
from plugin.store.people import Client, Staff
from plugin.web.headers import FRAMED
from tests.courses.desk import Desk
from tests.web.conftest import PDF, As
from tests.web.page import Form, Page
from tests.web.visitor import Visitor

PAPERS = "/clinic/papers"


@pytest.fixture
def text_page(small_desk: Desk) -> str:
    """The address of the English text of the one treatment there is."""
    small_desk.package()
    with small_desk.store.reading() as session:
        treatment_id = session.scalars(select(Treatment.id)).one()
    return f"{PAPERS}/texts/{treatment_id}/en"


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (200, 80), (15, 107, 92)).save(out, "PNG")
    return out.getvalue()


def send_logo(visitor: Visitor, data: bytes) -> tuple[int, str]:
    """Send a picture as a browser does, from memory: the test client would put a large one on the disk."""
    fields = visitor.page(PAPERS).form("/logo").fields
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{fields[name]}\r\n'
        for name in ("csrf_token", "key")
    ]
    last = '--edge\r\nContent-Disposition: form-data; name="logo"; filename="logo.png"\r\n\r\n'
    body = "".join([*parts, last]).encode() + data + b"\r\n--edge--\r\n"
    answer = visitor.client.post(
        f"{PAPERS}/logo", data=body, content_type="multipart/form-data; boundary=edge"
    )
    return answer.status_code, Page(answer.text).text


class TestTheLetterhead:
    def test_a_browser_offers_what_was_typed_before_only_where_a_field_asks_for_it(
        self, small_olga: Visitor
    ) -> None:
        html = small_olga.client.get(PAPERS).text
        inputs = {
            name: tag
            for tag in re.findall(r"<input[^>]*>", html)
            for name in re.findall(r' name="(\w+)"', tag)
        }
        assert 'autocomplete="organization"' in inputs["name"]
        assert 'autocomplete="off"' in inputs["website"]
        assert "autocomplete" not in inputs["logo"]

    def test_it_is_kept_and_shown_as_it_will_be_printed(self, small_olga: Visitor, small_desk: Desk) -> None:
        form = small_olga.page(PAPERS).form(PAPERS)
        typed = {"name": "Lotus House", "phone": "555 0100", "legal_name": "Lotus LLC", "page_size": "a4"}
        assert "Saved" in small_olga.after(form, **typed).text
        kept = read_clinic(small_desk.store)
        assert (kept.name, kept.phone, kept.legal_name, kept.page_size) == tuple(typed.values())
        assert kept.time_zone == "America/Los_Angeles"
        shown = small_olga.page(f"{PAPERS}/preview")
        assert "Lotus House" in shown.text
        assert [e.tag for e in shown.elements if e.tag in ("script", "style", "iframe", "form")] == []

    def test_the_form_of_vouchers_and_the_window_of_envelopes_are_kept(
        self, small_olga: Visitor, small_desk: Desk
    ) -> None:
        form = small_olga.page(PAPERS).form(PAPERS)
        small_olga.after(form, voucher_form="pages", address_place="window")
        kept = read_clinic(small_desk.store)
        assert (kept.voucher_form, kept.address_place) == ("pages", "window")
        assert clinic_on_paper(kept).has_address_window

    def test_how_to_find_the_clinic_is_kept_and_can_be_translated(
        self, small_olga: Visitor, small_desk: Desk
    ) -> None:
        form = small_olga.page(PAPERS).form(PAPERS)
        typed = {"map_url": "https://map.example/1", "parking": "in the yard", "entrance": "blue door"}
        small_olga.after(form, **typed)
        kept = read_clinic(small_desk.store)
        assert {name: getattr(kept, name) for name in typed} == typed
        names = small_olga.page("/clinic/names").form("/clinic/names")
        small_olga.after(names, **{"es:in the yard": "en el patio"})
        refused = small_olga.send(form, map_url="map.example")
        assert "begins with https://" in refused.text
        with small_desk.store.reading() as session:
            assert names_in(session, "es")(kept.parking) == "en el patio"

    def test_what_is_typed_shows_before_it_is_saved(self, small_olga: Visitor, small_desk: Desk) -> None:
        form = small_olga.page(PAPERS).form(PAPERS)
        action = f"{PAPERS}/preview"
        drawn = small_olga.send(replace_action(form, action), name="<b>Typed</b>", accent="#ffee00")
        assert "&lt;b&gt;Typed" in drawn.text
        assert "#FFEE00 is too pale to read on white paper" in unquote(drawn.headers["X-Said"])
        refused = small_olga.send(replace_action(form, action), name="")
        assert (refused.status_code, refused.mimetype, refused.text) == (
            422,
            "text/plain",
            "The clinic’s name is missing.",
        )
        assert read_clinic(small_desk.store).name == "Jade Room"

    @pytest.mark.parametrize(
        ("field", "typed", "says"),
        [
            ("name", "", "name is missing"),
            ("email", "nobody", "not an e-mail address"),
            ("address", "a\n" * 6, "at most 5 lines"),
            ("accent", "red", "color like #0F6B5C"),
            ("tax_id", "x" * 41, "at most 40"),
        ],
    )
    def test_a_refused_one_comes_back_as_it_was_typed(
        self, small_olga: Visitor, small_desk: Desk, field: str, typed: str, says: str
    ) -> None:
        form = small_olga.page(PAPERS).form(PAPERS)
        answer = small_olga.send(form, **{"phone": "typed before", field: typed})
        page = Page(answer.text)
        assert (answer.status_code, page.form(PAPERS).fields["phone"]) == (422, "typed before")
        assert says in page.text
        assert read_clinic(small_desk.store).phone == ""

    def test_the_paper_may_be_framed_by_this_page_and_can_do_nothing(
        self, small_olga: Visitor, small_desk: Desk
    ) -> None:
        page = small_olga.get(PAPERS)
        assert page.headers["Content-Security-Policy"].endswith("frame-src 'self'")
        assert page.headers["X-Frame-Options"] == "DENY"
        assert 'sandbox="allow-same-origin"' in page.text
        paper = small_olga.get(f"{PAPERS}/preview")
        assert (paper.headers["Content-Security-Policy"], paper.headers["X-Frame-Options"]) == (
            FRAMED,
            "SAMEORIGIN",
        )
        assert "script-src" not in FRAMED
        assert small_desk.today

    def test_styles_and_fonts_come_from_here_and_are_kept(self, small_olga: Visitor) -> None:
        sheets = re.findall(r'href="([^"]+\.css[^"]*)"', small_olga.get(f"{PAPERS}/preview").text)
        assert len(sheets) == 3
        css = ""
        for address in sheets:
            answer = small_olga.get(address.replace("&amp;", "&"))
            assert "immutable" in answer.headers["Cache-Control"]
            css += answer.text
        fonts = re.findall(r'url\("([^"]+)"\)', css)
        assert fonts
        assert all(each.startswith("/papers/looks/") for each in fonts)
        assert small_olga.get(fonts[0]).mimetype == "font/ttf"
        assert small_olga.get("/papers/looks/Inter-OFL.txt").status_code == 404
        assert small_olga.get("/papers/looks/own.css?size=legal").status_code == 404

    def test_a_draft_opens_as_pdf_and_keeps_nothing(self, small_olga: Visitor, small_desk: Desk) -> None:
        form = small_olga.page(PAPERS).form(PAPERS)
        answer = small_olga.send(replace_action(form, f"{PAPERS}/paper.pdf"), name="Typed")
        assert (answer.mimetype, answer.data) == ("application/pdf", PDF)
        assert read_clinic(small_desk.store).name == "Jade Room"


def replace_action(form: Form, action: str) -> Form:
    """Return the form as its other button sends it."""
    return replace(form, action=action)


class TestTheLogo:
    def test_it_is_shown_drawn_and_taken_off(self, small_olga: Visitor, small_desk: Desk) -> None:
        assert send_logo(small_olga, picture())[0] == 303
        logo = read_clinic(small_desk.store).logo
        assert logo
        address = f"{PAPERS}/logos/{logo.sha256}.png"
        assert small_olga.get(address).mimetype == "image/png"
        assert address in small_olga.get(f"{PAPERS}/preview").text
        small_olga.after(small_olga.page(PAPERS).form("/removal"))
        assert read_clinic(small_desk.store).logo is None

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            (b"<svg/>", "SVG"),
            (b"x" * (2 * 1024 * 1024 + 1), "at most 2 MB"),
            (b"", "Choose a picture first"),
        ],
    )
    def test_a_refused_one_says_why(
        self, small_olga: Visitor, small_desk: Desk, data: bytes, says: str
    ) -> None:
        status, text = send_logo(small_olga, data)
        assert (status, says in text) == (422, True)
        assert read_clinic(small_desk.store).logo is None

    def test_far_too_much_is_cut_off_before_it_is_read(self, small_olga: Visitor, small_desk: Desk) -> None:
        assert send_logo(small_olga, b"x" * (3 * 1024 * 1024 + 1))[0] == 413
        assert read_clinic(small_desk.store).logo is None


class TestNumbersAndLetters:
    def test_numbers_are_set_each_by_itself(self, small_olga: Visitor, small_desk: Desk) -> None:
        form = small_olga.page(PAPERS).form("/numbers/invoice")
        after = small_olga.after(form, prefix="JR-", first="100")
        assert "The next one is JR-0100" in after.text
        assert "CN-0001" in after.text
        answer = small_olga.send(after.form("/numbers/credit_note"), prefix="no spaces", first="1")
        assert answer.status_code == 422
        refused = Page(answer.text)
        assert refused.form("/numbers/credit_note").fields["prefix"] == "no spaces"
        assert refused.form("/numbers/invoice").fields["prefix"] == "JR-"
        assert refused.form(PAPERS).fields["name"] == "Jade Room"
        assert small_olga.send(replace_action(form, f"{PAPERS}/numbers/gift")).status_code == 404
        assert small_desk.today

    def test_electronic_invoices_wait_for_what_they_need(self, small_olga: Visitor, small_desk: Desk) -> None:
        page = small_olga.page(PAPERS)
        assert "An electronic invoice needs the clinic’s address" in page.text
        assert not [form for form in page.forms if form.action.endswith("/e-invoices")]
        letterhead = page.form(PAPERS)
        forged = replace_action(letterhead, f"{PAPERS}/e-invoices")
        answer = small_olga.send(forged, state="on")
        assert (answer.status_code, "needs the clinic’s address" in Page(answer.text).text) == (409, True)
        page = small_olga.after(letterhead, address="1 Pine St\r\nBerlin", tax_id="DE123456789", country="DE")
        for is_on in (True, False):
            page = small_olga.after(page.form("/e-invoices"))
            assert read_clinic(small_desk.store).has_e_invoices is is_on


class TestATextOnItsPage:
    def test_it_is_written_beside_its_paper(
        self, small_olga: Visitor, small_desk: Desk, text_page: str
    ) -> None:
        listed = small_olga.page(f"{PAPERS}/texts")
        assert text_page in listed.links()
        assert listed.text.count("To be reviewed") == 3
        form = small_olga.page(text_page).form("/en")
        mine = form.fields["markdown"].replace("Rise slowly", "You will see results")
        drawn = small_olga.send(replace_action(form, f"{text_page}/preview"), markdown=mine)
        # The last two words of a paragraph stay together.
        assert "You will see results" in drawn.text.replace("\xa0", " ")
        assert "reads like a promise" in unquote(drawn.headers["X-Said"])
        after = small_olga.after(form, markdown=mine, reviewed="1")
        assert "Version 1 is saved" in after.text
        assert "it reads like a promise" in after.text
        assert "Reviewed" in small_olga.page(f"{PAPERS}/texts").text
        again = small_olga.after(after.form("/start"))
        assert "The starting text is on the papers again" in again.text
        earlier = small_olga.page(f"{text_page}?version=1")
        assert "Clients get version 2 until you save" in earlier.text
        assert "You will see results" in earlier.form("/en").fields["markdown"]
        earlier_paper = small_olga.get(f"{text_page}/preview?version=1").text
        assert "You will see results" in earlier_paper.replace("\xa0", " ")

    def test_a_refused_one_comes_back_whole(self, small_olga: Visitor, text_page: str) -> None:
        form = small_olga.page(text_page).form("/en")
        for action in (text_page, f"{text_page}/preview", f"{text_page}/paper.pdf"):
            answer = small_olga.send(replace_action(form, action), markdown="# Only a title", reviewed="1")
            assert (answer.status_code, "says when to call" in answer.text) == (422, True)
            if answer.mimetype == "text/html":
                typed = Page(answer.text).form("/en").fields
                assert (typed["markdown"].strip(), typed.get("reviewed")) == ("# Only a title", "1")

    def test_who_starts_over_after_a_newer_version_still_sees_the_text(
        self, small_olga: Visitor, text_page: str
    ) -> None:
        page = small_olga.after(small_olga.page(text_page).form("/en"), reviewed="1")
        newer = f"{page.form('/en').fields['markdown']}\n- Newer.\n"
        small_olga.after(page.form("/en"), markdown=newer)
        answer = small_olga.send(page.form("/start"))
        assert (answer.status_code, "has saved another version meanwhile" in answer.text) == (409, True)
        shown = Page(answer.text).form("/en").fields
        assert ("- Newer." in shown["markdown"], shown["version"]) == (True, "2")

    def test_who_saves_second_keeps_their_words_and_decides(
        self, small_olga: Visitor, small_desk: Desk, text_page: str
    ) -> None:
        first, second = (small_olga.page(text_page).form("/en") for _ in range(2))
        small_olga.after(first)
        mine = f"{second.fields['markdown']}\n- Mine.\n"
        # A mistake mended in between does not make anybody have seen the other's version.
        refused = Page(small_olga.send(second, markdown="# Only a title").text).form("/en")
        answer = small_olga.send(refused, markdown=mine)
        assert (answer.status_code, "has saved another version meanwhile" in answer.text) == (409, True)
        told = Page(answer.text).form("/en")
        assert "- Mine." in told.fields["markdown"]
        small_olga.after(told)
        treatment_id = text_page.split("/")[-2]
        shown = read_treatment_text(small_desk.store, treatment_id, "en")
        assert (shown.newest, "- Mine." in shown.markdown) == (2, True)

    def test_a_practitioner_reviews_it_and_a_changed_one_asks_again(
        self, small_olga: Visitor, small_as: As, small_desk: Desk, text_page: str
    ) -> None:
        lin = small_as(Role.PRACTITIONER)
        with small_desk.store.writing() as session:
            staff = session.scalars(select(Staff).where(Staff.role == Role.PRACTITIONER)).one()
            staff.printed_name, staff.license = "Lin Wu, L.Ac.", "AC 12345"
        assert f"{text_page}/review" in lin.page(f"{PAPERS}/texts").links()
        page = lin.page(f"{text_page}/review")
        assert "General guidance" in lin.get(f"{text_page}/preview").text
        after = lin.after(page.form("/review"))
        assert "Reviewed by Lin Wu, L.Ac., AC 12345, version 1." in after.text
        # Who has the page from before open is told of the newer version.
        assert lin.send(page.form("/review"), key="another-tap").status_code == 409
        edited = small_olga.page(text_page).form("/en")
        assert "reviewed" not in edited.fields
        small_olga.after(edited, markdown=f"{edited.fields['markdown']}\n- Newer.\n")
        assert "Once you agree with every line" in lin.page(f"{text_page}/review").text

    def test_days_between_visits(self, small_olga: Visitor, text_page: str) -> None:
        form = small_olga.page(f"{PAPERS}/texts").form("/interval")
        assert small_olga.after(form, suggested_days="7").form("/interval").fields["suggested_days"] == "7"
        answer = small_olga.send(form, suggested_days="400")
        assert (answer.status_code, "1 to 365 days" in answer.text) == (422, True)
        assert text_page

    def test_a_text_of_nothing_is_not_found(self, small_olga: Visitor, text_page: str) -> None:
        for address in (f"{PAPERS}/texts/none/en", text_page[:-2] + "tlh", f"{text_page}?version=9"):
            assert small_olga.get(address).status_code == 404


def issue(services: Services, place: int, kind: str = "invoice", refers_to: str | None = None) -> str:
    """Put an issued paper into the database: how it is issued has tests of its own."""
    with services.store.writing() as session:
        document_id = services.store.new_id()
        row = Document(
            id=document_id,
            kind=kind,
            place=place,
            number=f"{'INV' if kind == 'invoice' else 'CN'}-{place:04d}",
            subject=f"order-{kind}-{place}",
            refers_to=refers_to,
            client_id=session.scalars(select(Client.id)).first(),
            language="en",
            total=-500 if refers_to else 198_000,
            currency="USD",
            content="{}",
            content_sha256="0" * 64,
            issued_at=services.clock(),
            by="Deb",
        )
        session.add(row)
        session.flush()
    return document_id


class TestWhatWasIssued:
    def test_it_is_found_opened_and_saved(
        self, small_as: As, small_house: Services, small_desk: Desk
    ) -> None:
        deb = small_as(Role.DESK)
        assert "Nothing issued yet" in deb.page("/documents").text
        small_desk.client("Ana Souza")
        invoice = issue(small_house, 1)
        issue(small_house, 1, "credit_note", refers_to=invoice)
        everything = deb.page("/documents")
        assert f"/documents/{invoice}.pdf" in everything.links()
        assert "CN-0001 Credit note Ana Souza · to invoice INV-0001" in everything.text
        assert "$1,980.00" in everything.text
        assert "CN-0001" not in deb.page("/documents?kind=invoice&q=souza").text
        assert "No issued paper fits that" in deb.page("/documents?q=nobody").text
        table = deb.get("/documents.csv?kind=credit_note").text
        assert ("CN-0001" in table, "INV-0001,20" in table) == (True, False)
        assert deb.get("/documents.xlsx").data[:2] == b"PK"
        assert deb.get("/documents.pdf").status_code == 404

    def test_a_long_list_is_turned_page_by_page(
        self, small_as: As, small_house: Services, small_desk: Desk
    ) -> None:
        small_desk.client("Ana Souza")
        for place in range(1, 52):
            issue(small_house, place)
        deb = small_as(Role.DESK)
        first = deb.page("/documents")
        assert ("INV-0051" in first.text, "INV-0001" in first.text) == (True, False)
        older = next(link for link in first.links() if "after=" in link)
        assert "INV-0001" in deb.page(older).text
