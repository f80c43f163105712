"""A client who keeps her course in her phone's wallet, and what becomes of the pass."""

import io
import json
import zipfile
from functools import partial

from plugin import create_app
from plugin.core.acts import Role
from plugin.courses.changes.transfer import Transfer, transfer_course
from plugin.courses.clients.private_page import renew_page, token_of
from plugin.courses.clients.wallet_passes import APPLE, changed_since, count_passes, register_device
from plugin.courses.handouts.wallet_pass import PassPlace, course_pass, pass_signer
from plugin.jobs import complete
from plugin.wallet.jobs import push, update_apple
from tests.api.conftest import caller_with, open_test_house
from tests.courses.desk import OLGA, Desk
from tests.web.apns_stand_in import pushing, trusting
from tests.web.conftest import signed_in
from tests.web.test_wallet import Clinic, apple_once
from tests.web.test_wallet_updates import Phone, job_after_use


def test_ana_keeps_her_course_on_phone_and_watch_and_gives_it_to_bea(desk: Desk) -> None:
    """Ana, who has bought twelve sessions, adds the pass to her phone and her watch. It says 12 of 12 left, and after
    a visit 11 of 12, on both. When the desk undoes the visit, it says 12 of 12 again. The owner transfers what is
    left to Bea: Ana's pass says that nothing is left, and Bea's course is in no wallet before she adds it.
    """
    store, course = desk.store, desk.sell()
    ana, bea = desk.course(course).client_id or "", desk.client("Bea Wong")
    token_of(store, desk.act(), ana)
    signer = pass_signer(*apple_once().texts)

    def said() -> str:
        made = course_pass(
            store, signer, PassPlace("https://desk.example.org", "s" * 40, desk.clock()), course
        )
        shown = json.loads(zipfile.ZipFile(io.BytesIO(made)).read("pass.json"))
        return str(shown["storeCard"]["primaryFields"][0]["value"])

    for device in ("ANAS-PHONE", "ANAS-WATCH", "ANAS-WATCH"):
        register_device(store, desk.act(), course, device, "ab12")
    assert count_passes(store, course) == {APPLE: 2}
    assert said() == "12 of 12 left"
    used = desk.use(course)
    assert said() == "11 of 12 left"
    desk.undo(used.entry.id)
    assert said() == "12 of 12 left"
    assert changed_since(store, "ANAS-WATCH", "")[1] == [course]

    desk.clock.advance(hours=1)
    moved = transfer_course(store, desk.act(OLGA), course, Transfer(bea, "They are sisters"))
    assert said() == "0 of 12 left"
    assert count_passes(store, course) == {APPLE: 2}
    assert count_passes(store, moved.course.id) == {}


def test_olga_reads_what_became_of_the_passes(desk: Desk) -> None:
    """Ana opens the pass of her course twice and keeps it on her phone and her watch. She comes once, and both are
    told. She removes it from the watch; then her private link is reset, which withdraws the one on her phone. Olga
    reads, for this month: asked for once, added twice, updated once, removed twice; and that none is kept now. The
    log says in which wallet.
    """
    house, apple = open_test_house(desk.store, desk.clock), apple_once()
    app = create_app(services=house)
    clinic = Clinic(app, house, desk, apple)
    olga, program = signed_in(app, clinic.services, Role.OWNER), caller_with(app, Role.OWNER)
    assert "No pass yet" in olga.page("/reports/passes").text
    phone, watch = Phone(clinic), Phone(clinic, "watch")
    assert [phone.register(), watch.register("bb22"), phone.register()] == [201, 201, 200]
    job = job_after_use(clinic)
    assert job is not None
    with pushing(apple) as service:
        send = partial(push, url=service.url, trust=lambda: trusting(apple))
        complete(clinic.services, job, update_apple(clinic.services, job, send))
    assert "2 in Apple Wallet, 0 in Google Wallet" in olga.page("/reports/passes").text
    watch.leave()
    renew_page(desk.store, desk.act(), clinic.ana)

    told = program.get("/reports/passes").json
    assert told["now"] == {"apple": 0, "google": 0}
    month = told["months"][-1]
    assert [month[each] for each in ("made", "added", "updated", "removed")] == [1, 2, 1, 2]
    assert olga.get("/reports/passes.csv").text.splitlines()[1].endswith(",1,2,1,2")
    assert "Pass no longer in Apple Wallet" in olga.page("/reports/activity").text
