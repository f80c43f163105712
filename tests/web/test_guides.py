"""Guides for staff: two pages each, for those they are for."""

from io import BytesIO

import pikepdf
import pytest

from plugin.core.acts import Role
from plugin.courses.handouts.cache import GUIDES
from tests.papers import real
from tests.web.conftest import As
from tests.web.visitor import Visitor


@pytest.mark.parametrize("name", GUIDES)
def test_a_guide_is_two_pages(name: str) -> None:
    with pikepdf.open(BytesIO(real.pdf(f"guide-{name}"))) as pdf:
        assert len(pdf.pages) == 2


def test_the_owner_has_both(as_role: As) -> None:
    olga = as_role(Role.OWNER)
    assert [olga.get(f"/guides/{name}.pdf").mimetype for name in GUIDES] == ["application/pdf"] * 2


def test_the_owners_guide_is_for_the_owner(deb: Visitor) -> None:
    assert deb.get("/guides/desk.pdf").status_code == 200
    assert deb.get("/guides/owner.pdf").status_code == 403
    assert deb.get("/guides/other.pdf").status_code == 404
