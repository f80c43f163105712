"""A NUL in an address or a form: PostgreSQL takes no text that holds it, so it must not get that far."""

import pytest

from tests.web.visitor import Visitor


@pytest.mark.parametrize(
    "address",
    [
        "/clients/%00",
        "/clients/%00/live",
        "/clients?q=x&cursor=%00",
        "/courses/%00/summary.pdf",
        "/clients?q=%00",
    ],
)
def test_a_nul_in_an_address_is_refused_in_words(deb: Visitor, address: str):
    answer = deb.get(address)
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("field", ["name", "key"])
def test_a_nul_in_a_form_is_refused_and_nothing_is_written(deb: Visitor, field: str):
    form = deb.page("/clients").form("/clients")
    typed = {"name": "Ana Souza"} | {field: "a\0b"}
    assert deb.send(form, **typed).status_code == 400
    assert "Ana Souza" not in deb.page("/clients").text
