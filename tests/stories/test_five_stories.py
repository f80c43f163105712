"""Five days at the clinic, told with the balance after each step: sessions left, and money still owed in cents."""

from dataclasses import replace

import pytest

from plugin.core.ledger import Kind
from plugin.core.status import Status
from plugin.courses.clients.clients import find_clients
from plugin.courses.clients.contacts import Buyer
from plugin.errors import Refused
from tests.courses.desk import Desk, back


def test_a_course_of_twelve_from_the_till_to_its_refund(desk: Desk) -> None:
    """Ana buys twelve facials and two touch-ups for $1,980.00 and pays at once. The price is spread by single-visit
    price: $1,697.14 over the twelve facials, $282.86 over the two touch-ups.

    She comes twice; each facial is worth $141.42 (a twelfth of $1,697.14, the cents going to later ones). The second
    was tapped on the wrong day and is undone: it comes back to the cent. She comes once more, then moves away, and
    the clinic gives back the whole sale in Square. Everything still owed leaves the balance; the two facials she had
    stay in the history, with the one that was undone.
    """
    course_id = desk.sell(desk.package(sessions=12, touch_ups=2), paid=198000, order="TICKET-1")
    assert desk.balance(course_id) == (12, 198000)
    assert [each.value_left.amount for each in desk.course(course_id).allowances] == [169714, 28286]

    desk.use(course_id)
    assert desk.balance(course_id) == (11, 183858)

    desk.clock.advance(days=7)
    second = desk.use(course_id)
    assert desk.balance(course_id) == (10, 169716)

    desk.undo(second.entry.id, reason="Tapped on the wrong day")
    assert desk.balance(course_id) == (11, 183858)

    desk.clock.advance(days=1)
    desk.use(course_id)
    assert desk.balance(course_id) == (10, 169716)

    desk.refund("TICKET-1", 198000, back())
    course = desk.course(course_id)
    assert desk.balance(course_id) == (0, 0)
    assert (course.status, course.used) == (Status.REFUNDED, 2)
    told = [(entry.kind, entry.sessions_delta, entry.value_delta.amount) for entry in course.entries]
    assert told == [
        (Kind.SOLD, 12, 0),
        (Kind.SOLD, 2, 0),
        (Kind.PAID, 0, 169714),
        (Kind.PAID, 0, 28286),
        (Kind.USED, -1, -14142),
        (Kind.USED, -1, -14142),
        (Kind.REVERSED, 1, 14142),
        (Kind.USED, -1, -14142),
        (Kind.REFUNDED, -10, -141430),
        (Kind.REFUNDED, -2, -28286),
    ]


def test_a_sale_without_a_client_is_assigned_the_next_morning(desk: Desk) -> None:
    """At closing time somebody rings up a course of ten for $1,650.00 and forgets to choose the client. Nobody can use
    it, but nothing is lost: the ten sessions stand there, and Attention asks whose they are. Square tells of the same
    payment three more times in the night. In the morning Deb knows it was Inês; one tap, and she has her first visit.
    """
    package = desk.package(sessions=10)
    sale = desk.sale(desk.line(package, paid=165000), order="TICKET-2", buyer=None)
    (course_id,) = desk.book(sale).opened
    assert desk.balance(course_id) == (10, 165000)
    assert desk.course(course_id).client_id is None

    for _ in range(3):
        desk.clock.advance(hours=3)
        assert desk.book(sale).opened == ()
    (item,) = desk.questions()
    assert item.summary == "Facial acupuncture, course of 10 sold without a client. Assign a client."

    desk.clock.advance(hours=7)
    ines = desk.client("Inês Østergård", phone="(415) 555-0142")
    desk.answer(item.id, client_id=ines)
    assert desk.questions() == ()
    assert desk.course(course_id).happenings[-1].text == "Assigned to Inês Østergård"
    assert desk.balance(course_id) == (10, 165000)

    desk.use(course_id, client_id=ines)
    assert desk.balance(course_id) == (9, 148500)
    (row,) = find_clients(desk.store, "ostergard", today=desk.today).rows
    assert (row.balance.left, row.balance.granted, row.balance.courses) == (9, 10, 1)


def test_two_courses_on_one_ticket_and_one_is_given_back(desk: Desk) -> None:
    """Bea buys two courses of twelve on one line, with a discount that does not divide: $3,700.01 for both. The first
    is $1,850.01, the second $1,850.00. She uses one session of the first. Then she gives one course back, and Square
    says only "one of that line": the untouched one goes. Square says it again, and nothing more happens.
    """
    line = desk.line(desk.package(sessions=12), quantity=2, paid=370001)
    first, second = desk.book(desk.sale(line, order="TICKET-3")).opened
    assert [desk.balance(each) for each in (first, second)] == [(12, 185001), (12, 185000)]

    desk.use(first)
    assert desk.balance(first) == (11, 169585)

    for _ in range(2):
        desk.refund("TICKET-3", 185000, back(), total=370001)
        assert [desk.balance(each) for each in (first, second)] == [(11, 169585), (0, 0)]
    assert desk.course(second).status is Status.REFUNDED

    desk.use(first)
    assert desk.balance(first) == (10, 154169)


def test_an_amount_given_back_without_a_word(desk: Desk) -> None:
    """Cleo has a course of twelve for $1,980.00 and has used two. The owner gives her $495.00 back on the till, by
    amount, without saying for what. Coursekeeper works it out - three sessions at $165.00 - and asks. Deb takes three
    sessions: seven stay, worth $1,155.00. A week later the bank refuses the refund, and all three come back.
    """
    course_id = desk.sell(desk.package(sessions=12), paid=198000, order="TICKET-4")
    desk.use(course_id, sessions=2)
    assert desk.balance(course_id) == (10, 165000)

    desk.refund("TICKET-4", 49500, return_order=None, status="PENDING")
    assert desk.balance(course_id) == (10, 165000)
    (item,) = desk.questions()
    assert item.proposal == "$495.00 is 3 sessions at $165.00: remove 3 sessions, 7 remain."

    desk.answer(item.id, "take_sessions", sessions=3)
    assert desk.balance(course_id) == (7, 115500)

    used = desk.use(course_id)
    assert (used.session_number, used.sessions_left) == (3, 6)
    assert desk.balance(course_id) == (6, 99000)

    desk.clock.advance(days=7)
    desk.refund("TICKET-4", 49500, return_order=None, status="FAILED")
    assert desk.balance(course_id) == (9, 148500)
    assert desk.questions() == ()


def test_two_sisters_with_one_phone(desk: Desk) -> None:
    """Mia and Zoe Chen share their mother's phone number. Each buys a course of ten; they stay two people. Mia's
    session is tapped on Zoe's course by mistake: the desk said who came, so it is refused. Later Zoe tidies up her
    profile in Square and gets a new customer id; her next course still finds her.
    """
    package = desk.package(sessions=10)
    mia = Buyer("SQUARE-MIA", name="Mia Chen", phone="+14155550777")
    zoe = Buyer("SQUARE-ZOE", name="Zoe Chen", phone="+14155550777")
    mias, zoes = (desk.sell(package, paid=165000, buyer=sister) for sister in (mia, zoe))
    found = find_clients(desk.store, "555 0777", today=desk.today).rows
    assert [(row.client.name, row.balance.left) for row in found] == [("Mia Chen", 10), ("Zoe Chen", 10)]

    mia_id = desk.course(mias).client_id
    with pytest.raises(Refused, match="This course belongs to another client"):
        desk.use(zoes, client_id=mia_id)
    assert [desk.balance(each) for each in (mias, zoes)] == [(10, 165000), (10, 165000)]

    desk.use(mias, client_id=mia_id)
    assert [desk.balance(each) for each in (mias, zoes)] == [(9, 148500), (10, 165000)]

    tidied = replace(zoe, square_customer_id="SQUARE-ZOE-2", name="Zoe M. Chen", known_as=("SQUARE-ZOE",))
    another = desk.sell(package, paid=165000, buyer=tidied)
    assert desk.course(another).client_id == desk.course(zoes).client_id != mia_id
    (row,) = find_clients(desk.store, "zoe", today=desk.today).rows
    assert (row.balance.left, row.balance.granted, row.balance.courses) == (20, 20, 2)
