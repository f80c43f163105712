"""A client who keeps her course in her phone's wallet, and what becomes of the pass."""

import io
import json
import zipfile

from plugin.courses.changes.transfer import Transfer, transfer_course
from plugin.courses.clients.private_page import token_of
from plugin.courses.clients.wallet_passes import APPLE, changed_since, count_passes, register_device
from plugin.courses.handouts.pkpass import pass_signer
from plugin.courses.handouts.wallet_pass import PassPlace, course_pass
from tests.courses.desk import OLGA, Desk
from tests.web.test_wallet import apple_once


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
