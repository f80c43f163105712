"""A client who rates what bothers her, and what becomes of the numbers."""

from invoices.language import language_for
from invoices.pages.summary import summary_page
from plugin.core.acts import Role
from plugin.courses.accounts.staff import add_staff
from plugin.courses.handouts.content import summary_paper
from plugin.courses.ratings.choices import choose_concerns, delete_ratings, rate
from plugin.courses.ratings.views import own_ratings, rated_clients
from tests.courses.desk import Desk


def test_ana_rates_her_jawline_through_four_visits(desk: Desk) -> None:
    """Ana, who has bought twelve sessions, chooses her jawline and taps 8 before her first visit. Before the second she
    forgets, before the third she taps 6. Then it gets worse: 9, which she corrects to 7 the same day. Her summary draws
    8, a gap, 6 and 7, as recorded. Dr. Wu, who treats her, sees the same line among his clients. Ana deletes it all:
    nobody sees it any more, and her twelve sessions, of which four are used, are what they were.
    """
    store, course = desk.store, desk.sell()
    ana = desk.course(course).client_id or ""
    wu = add_staff(
        store,
        email="wu@example.org",
        name="Dr. Wu",
        role=Role.PRACTITIONER,
        password_hash="x",
        now=desk.clock(),
    ).actor
    choose_concerns(store, desk.act(), ana, ["Jawline"])
    for values in ((8,), (), (6,), (9, 7)):
        (jaw,) = own_ratings(store, ana, today=desk.today).current
        for value in values:
            rate(store, desk.act(), ana, {jaw.id: value}, source="page")
        desk.use(course, actor=wu)
        desk.clock.advance(days=7)
    assert desk.balance(course) == (8, 132000)

    paper = summary_paper(store, course, now=desk.clock())
    (row,) = summary_page(paper, language_for("en")).ratings
    assert row.numbers.split() == ["8", "–", "6", "7"]
    (seen,) = rated_clients(store, desk.act(wu))
    assert [place.value for place in seen.concern.places] == [8, None, 6, 7]

    delete_ratings(store, desk.act(), ana)
    assert summary_paper(store, course, now=desk.clock()).ratings == ()
    assert rated_clients(store, desk.act(wu)) == ()
    assert desk.balance(course) == (8, 132000)
