"""Events for other programs on screen: a receiver and its key, a test, what came of it, and sending again."""

import pytest

from plugin.core.acts import Role
from plugin.courses.webhooks.deliveries import fan_out, list_deliveries
from plugin.courses.webhooks.receivers import CHOICES, list_receivers
from tests.courses.desk import Desk
from tests.web.page import Page
from tests.web.visitor import Visitor

HOOK = {"name": "n8n", "url": "https://n8n.example.org/webhook/ck", "kinds": [each.value for each in CHOICES]}


def _add(olga: Visitor) -> str:
    """Add a receiver by the form; return what the page shows."""
    answer = olga.send(olga.page("/clinic/events").form("/clinic/events"), **HOOK)
    assert answer.status_code == 200
    return answer.text


def test_a_receiver_is_added_and_its_key_is_shown_once(small_olga: Visitor, small_desk: Desk):
    assert "whsec_" in _add(small_olga)
    page = small_olga.page("/clinic/events")
    assert "whsec_" not in page.html
    assert "https://n8n.example.org/webhook/ck" in page.text
    assert "Course opened, Session used" in page.text
    (receiver,) = list_receivers(small_desk.store)
    again = small_olga.send(page.form(f"/clinic/events/{receiver.id}/key"))
    assert "whsec_" in again.text
    assert "the old key works until" in small_olga.page("/clinic/events").text


def test_every_wrong_field_is_named_and_nothing_typed_is_lost(small_olga: Visitor, small_desk: Desk):
    form = small_olga.page("/clinic/events").form("/clinic/events")
    refused = small_olga.send(form, name="", url="n8n.example.org")
    assert refused.status_code == 422
    page = Page(refused.text)
    assert "missing" in page.text
    assert page.form("/clinic/events").fields["url"] == "n8n.example.org"


def test_a_test_a_delivery_and_an_end(small_olga: Visitor, small_desk: Desk):
    _add(small_olga)
    (receiver,) = list_receivers(small_desk.store)
    page = small_olga.after(small_olga.page("/clinic/events").form(f"/clinic/events/{receiver.id}/test"))
    assert "The test is on its way." in page.text
    small_desk.sell()
    fan_out(small_desk.store, small_desk.clock())
    newest, test = list_deliveries(small_desk.store).rows
    assert (newest.kind, test.kind) == ("course.opened", "test")
    (oldest,) = list_deliveries(small_desk.store, limit=1, is_oldest_first=True).rows
    assert oldest.id == test.id
    saved = small_olga.get("/clinic/events/deliveries.csv?sort=-when").text.splitlines()
    assert [row.split(",")[1] for row in saved] == ["Event", "test", "course.opened"]
    assert small_olga.get("/clinic/events/deliveries.csv?state=failed").text.count("\n") == 1
    page = small_olga.page("/clinic/events?state=pending")
    assert "Course opened n8n Waiting" in page.text
    refused = small_olga.send(page.form(f"/clinic/events/deliveries/{newest.id}/again"))
    assert "It is about to be sent anyway." in refused.text
    today = small_desk.today.isoformat()
    span = page.form("/clinic/events/span")
    page = small_olga.after(span, **{"receiver": receiver.id, "from": today, "to": today})
    assert "2 events are being sent again." in page.text
    page = small_olga.after(page.form(f"/clinic/events/{receiver.id}/end"))
    assert "Nothing more is sent to n8n." in page.text
    assert "No receivers yet" in page.text


@pytest.mark.parametrize("typed", [{"from": "2026-11-22", "to": "2026-11-01"}, {"from": "", "to": ""}])
def test_days_that_are_none_are_refused(small_olga: Visitor, small_desk: Desk, typed: dict[str, str]):
    _add(small_olga)
    (receiver,) = list_receivers(small_desk.store)
    span = small_olga.page("/clinic/events").form("/clinic/events/span")
    assert small_olga.send(span, receiver=receiver.id, **typed).status_code == 422


def test_the_desk_sees_none_of_it(small_as, small_desk: Desk):
    assert small_as(Role.DESK).get("/clinic/events").status_code == 403
