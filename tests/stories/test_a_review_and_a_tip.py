"""A client who is asked how it was, and thanks who treated her."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from plugin import create_app
from plugin.core.acts import Role
from plugin.core.letters import LetterKind
from plugin.courses.clients.private_page import token_of
from plugin.courses.letters.kinds import switch_letter
from plugin.emails.client_letter import plan_due_letters
from tests.api.conftest import caller_with
from tests.courses.desk import OLGA, Desk
from tests.square.selling import Selling, open_selling
from tests.web.conftest import signed_in
from tests.web.visitor import Visitor

REVIEW = "https://g.page/r/jade-room/review"


def asked(shop: Selling) -> int:
    """Plan and send the e-mails that are due, and return how many so far ask for a review."""
    plan_due_letters(shop.clinic.services)
    shop.clinic.errands()
    return sum(REVIEW in each.text for each in shop.letters)


@pytest.fixture
def shop(tmp_path: Path, _migrated_file: Path) -> Iterator[Selling]:
    """A clinic beside a Square of its own."""
    with open_selling(tmp_path, _migrated_file) as opened:
        yield opened


def test_ana_is_asked_how_it_was_and_leaves_a_tip(shop: Selling) -> None:
    """Ana comes for the first time. The next day she is asked how it was, as everybody is, with the clinic's page for
    reviews; after her second visit she is not asked again. On her private page she leaves $20.00, which she pays to
    Square. Her page thanks her, the owner's page and the API name the tip, and her course is worth what it was.
    """
    clinic, store = shop.clinic, shop.store
    switched = {"tip_links": True, "review_url": REVIEW, "secret_key": SecretStr("s" * 48)}
    wanted = clinic.services.settings.model_copy(update=switched)
    clinic.services = replace(clinic.services, settings_source=wanted)
    desk = Desk(store, clinic.clock)
    switch_letter(store, desk.act(OLGA), LetterKind.REVIEW, is_on=True)
    course = desk.sell(desk.package())
    desk.use(course)
    assert asked(shop) == 0
    clinic.clock.advance(days=1)
    assert asked(shop) == 1
    desk.use(course)
    clinic.clock.advance(days=8)
    assert asked(shop) == 1
    worth = desk.balance(course)

    app = create_app(services=clinic.services)
    ana = Visitor(app)
    page = f"/my/{token_of(store, desk.act(), desk.course(course).client_id or '')}"
    begun = ana.send(ana.page(f"{page}/tip").form("/tip"), amount="20").headers["Location"]
    clinic.errands()
    (link,) = [each for each in ana.page(begun).links() if "/pay" in each or "square" in each]
    clinic.till.pay_link(link.rpartition("/")[2])
    shop.after(15)
    assert "Thank you" in ana.page(begun).text
    assert "$20.00" in signed_in(app, clinic.services, Role.OWNER).page("/tips").text
    (told,) = caller_with(app, Role.OWNER).get("/reports/tips").json["months"]
    assert (told["tips"], told["amount"]["amount"]) == (1, 2000)
    assert desk.balance(course) == worth
    assert clinic.is_sound()
