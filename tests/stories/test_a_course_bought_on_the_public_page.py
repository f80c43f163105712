"""A course bought at night from the public page, and what the owner and a program read of it in the morning."""

from plugin import create_app
from plugin.core.acts import Role
from plugin.courses.agreements.prepare import agreements_of_client
from plugin.courses.agreements.public_signing import draw_ticked_terms
from tests.api.conftest import caller_with, open_test_house
from tests.courses.desk import Desk
from tests.web.conftest import signed_in
from tests.web.test_check_in import with_settings
from tests.web.test_shop import Shop, drawn_as_text


def test_bea_buys_at_night_and_nora_thinks_it_over(desk: Desk) -> None:
    """Bea reads the packages in the window at night, agrees to the terms, and pays by Square’s link. Nora begins an
    order and does not pay. In the morning Bea is a client with a course of twelve and a signed agreement; Nora is
    nobody’s client. Olga reads two orders of this month, one of them paid; a program reads the same.
    """
    services = with_settings(open_test_house(desk.store, desk.clock), public_packages=True)
    app = create_app(services=services)
    shop = Shop(desk, app)
    olga, program = signed_in(app, services, Role.OWNER), caller_with(app, Role.OWNER)
    assert "No order yet" in olga.page("/reports/orders").text

    shop.order("es")
    row = shop.linked()
    draw_ticked_terms(shop.store, drawn_as_text, row.id)
    desk.book(desk.sale(desk.line(shop.package), order="ORDER-SHOP", buyer=None))
    shop.order(name="Nora Nobody", email="nora@example.org")

    (bea,) = program.get("/clients", q="Bea").json["clients"]
    assert (bea["language"], shop.clients()) == ("es-US", 1)
    (course,) = program.get(f"/clients/{bea['id']}/courses").json["courses"]
    assert course["allowances"][0]["left"] == 12
    (agreement,) = agreements_of_client(shop.store, bea["id"])
    assert agreement.signature is not None
    assert agreement.signature.signed_at == row.agreed_at
    month = program.get("/reports/orders").json["months"][-1]
    assert [month[each] for each in ("made", "paid", "open", "failed")] == [2, 1, 1, 0]
    assert olga.get("/reports/orders.csv").text.splitlines()[1].endswith(",2,1,1,0")
    assert "1 of 2" in olga.page("/reports/orders").text
    assert "/reports/orders" in olga.page("/clinic/public-page").links()
    assert caller_with(app, Role.DESK).get("/reports/orders").status_code == 403
