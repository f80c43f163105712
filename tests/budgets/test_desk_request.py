"""How many statements the desk's whole request of a use may send: the sign-in, the use, and the page as its answer."""

from plugin.services import Services
from tests.budgets.counting import counted
from tests.courses.desk import Desk
from tests.courses.documents.sales import Papers
from tests.web.visitor import Visitor

USE, UNDO = 24, 23


def test_a_use_at_the_desk(deb: Visitor, desk: Desk, services: Services) -> None:
    papers = Papers(desk)
    course_id = papers.sell("FIRST")
    papers.work()
    form = deb.page(f"/clients/{desk.course(course_id).client_id}").form("/uses")
    with counted(services.store.engine) as sent:
        answer = deb.send_by_htmx(form)
    assert "Session 1 used. 11 of 12 left." in answer.text
    assert len(sent) <= USE, "\n".join(each.sql for each in sent)


def test_an_undo_at_the_desk(deb: Visitor, desk: Desk, services: Services) -> None:
    papers = Papers(desk)
    course_id = papers.sell("FIRST")
    papers.work()
    desk.use(course_id)
    form = deb.page(f"/clients/{desk.course(course_id).client_id}").form("/reversal")
    with counted(services.store.engine) as sent:
        answer = deb.send_by_htmx(form)
    assert "Session restored. 12 of 12 left." in answer.text
    assert len(sent) <= UNDO, "\n".join(each.sql for each in sent)
