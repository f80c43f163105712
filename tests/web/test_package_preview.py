"""What a client will read of a package, while it is written: nothing is saved by looking."""

import pytest

from plugin.courses.catalog.packages import read_package
from tests.courses.desk import Desk
from tests.web.page import Form
from tests.web.visitor import Visitor


def form_of(olga: Visitor, package_id: str) -> Form:
    return olga.page(f"/packages/{package_id}").form(f"/packages/{package_id}")


def tried(olga: Visitor, form: Form, **typed: str) -> tuple[int, str]:
    filled = {**form.filled(**typed), **typed}
    answer = olga.client.post("/packages/preview", data=filled, environ_base=olga.environ)
    return answer.status_code, answer.text


def test_the_stored_package_is_shown_beside_its_form(small_olga: Visitor, small_desk: Desk) -> None:
    package_id = small_desk.package()
    page = small_olga.page(f"/packages/{package_id}")
    assert f'src="/packages/{package_id}/preview"' in page.html
    shown = small_olga.get(f"/packages/{package_id}/preview")
    # The last words of a line stay together.
    assert "Facial acupuncture, course of\N{NO-BREAK SPACE}12" in shown.text
    assert "%241%2C980.00" in shown.headers["X-Said"]
    assert small_olga.get("/packages/none/preview").status_code in (404, 422)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"name": "Spring glow"}, "Spring glow"),
        ({"no_show": "forgive"}, "A visit missed without notice is not counted."),
        ({"preview_paper": "voucher", "name": "Spring glow"}, "Spring glow"),
        ({"preview_language": "es"}, "Margaret Osei"),
        ({"preview_language": "klingon", "preview_paper": "moon"}, "Margaret Osei"),
    ],
)
def test_it_follows_what_is_typed_and_saves_nothing(
    small_olga: Visitor, small_desk: Desk, typed: dict[str, str], says: str
) -> None:
    package_id = small_desk.package()
    before = read_package(small_desk.store, package_id)
    status, text = tried(small_olga, form_of(small_olga, package_id), **typed)
    assert status == 200
    # The last words of a sentence stay on one line.
    assert says in text.replace("\N{NO-BREAK SPACE}", " ")
    assert read_package(small_desk.store, package_id) == before


def test_what_can_be_no_package_is_said_in_a_sentence(small_olga: Visitor, small_desk: Desk) -> None:
    form = form_of(small_olga, small_desk.package())
    status, text = tried(small_olga, form, price="a lot")
    assert status == 422
    assert text
    assert "<" not in text
