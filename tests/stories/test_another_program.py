"""A program beside the desk that is told of courses: away over lunch, then caught up, and asked to hear a day again."""

from plugin import create_app
from plugin.core.acts import Role
from plugin.core.moments import rfc3339
from tests.api.conftest import caller_with, open_test_house
from tests.courses.desk import Desk
from tests.web.conftest import signed_in
from tests.webhooks.receiver import Receiver, receiving, say
from tests.webhooks.test_events import Sending, signed_by


def test_what_n8n_missed_over_lunch_comes_in_its_order_and_a_day_comes_again(desk: Desk) -> None:
    """n8n is down while Ana buys, comes, and the desk undoes the wrong tap. Olga sees that three events wait, and why.
    n8n is back: they come in their order, signed by both keys on the day on which Olga has made a new one. In the
    evening n8n has lost its list; a program asks for the whole day again, and the ids say that it is the same.
    """
    app = create_app(services=open_test_house(desk.store, desk.clock))
    olga, program = (
        signed_in(app, open_test_house(desk.store, desk.clock), Role.OWNER),
        caller_with(app, Role.OWNER),
    )
    morning = desk.clock()
    with receiving() as receiver:
        sending = Sending(desk, receiver)
        receiver.answer = lambda call: say(call, 503, b"n8n is restarting")
        used = desk.use(desk.sell())
        desk.undo(used.entry.id)
        sending.deliver()
        page = olga.page("/clinic/events")
        assert page.text.count("n8n is restarting") == 1, "the others wait behind the first"
        waiting = program.get("/events/deliveries", state="pending").json["deliveries"]
        assert [each["type"] for each in waiting] == ["session.undone", "session.used", "course.opened"]

        new_key = sending.rotate()
        receiver.answer, receiver.got[:] = Receiver().answer, []
        desk.clock.advance(seconds=60)
        assert sending.deliver() == 3
        assert sending.kinds() == ["course.opened", "session.used", "session.undone"]
        assert [each["data"].get("sessions_left") for each in sending.documents()] == [None, 11, 12]
        for headers, body in receiver.got:
            assert signed_by(sending.key, headers, body)
            assert signed_by(new_key, headers, body)

        first_time = [headers["webhook-id"] for headers, _body in receiver.got]
        desk.clock.advance(hours=5)
        span = {"from": rfc3339(morning), "to": rfc3339(desk.clock())}
        assert program.post(f"/events/receivers/{sending.id}/replay", span).json == {"events": 3}
        assert sending.deliver() == 3
        assert [headers["webhook-id"] for headers, _body in receiver.got[3:]] == first_time
    assert sending.states() == ["delivered"] * 3
    file = olga.get("/clinic/events/deliveries.csv").text.splitlines()
    assert (len(file), sum("session.used" in line for line in file)) == (4, 1)
    assert caller_with(app, Role.DESK).get("/events/deliveries").status_code == 403
