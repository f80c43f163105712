"""A clinic that asks before it needles, and keeps nothing but that it did."""

import pytest

from plugin.core.acts import Role
from plugin.courses.accounts.staff import add_staff
from plugin.courses.checks.answers import answer_check, check_of, save_list, talk_over
from plugin.courses.checks.starting_list import starting_points
from plugin.courses.privacy.erasure import Erasure, erase_client
from plugin.courses.reports.by_month import CHECKED, CheckedMonth, checks_by_month
from plugin.courses.reports.period import month_of
from plugin.courses.visits.use import UseSession, use_session
from plugin.errors import InvalidField, NotAllowed, Refused
from tests.courses.desk import DEB, OLGA, Desk


def test_bea_says_ask_me_and_is_asked_before_she_is_needled(desk: Desk) -> None:
    """Olga saves the list that Dr. Wu has reviewed, and lets a use wait for it. Ana, who has bought twelve sessions,
    reads it and answers that none of it applies: her session is used. A week later she has taken aspirin and taps
    “ask me”. Deb at the desk can't use the session, nor say that anybody has asked. Dr. Wu asks her, says so, and the
    second session is used. Nothing says what it was about.
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
    texts = {language: "\n".join(lines) for language, lines in starting_points().items()}

    def use() -> None:
        use_session(store, desk.act(), UseSession(course), known_charges=99, needs_check=True)

    use()
    assert desk.balance(course) == (11, 181500)  # Without a list nothing waits.
    desk.clock.advance(days=7)
    saved = save_list(store, desk.act(OLGA), texts, reviewed_by="Dr. Wu, L.Ac.", seen_version=0)
    assert len(saved.in_language("zh-Hans")) == len(saved.in_language("en"))
    with pytest.raises(Refused, match="has not answered") as refused:
        use()
    assert refused.value.code == "check_missing"

    answer_check(store, desk.act(), ana, "none", saved.version, source="page")
    use()
    assert desk.balance(course) == (10, 165000)

    desk.clock.advance(days=7)
    for _tap in range(2):
        answer_check(store, desk.act(), ana, "ask", saved.version, source="handed")
    with pytest.raises(Refused, match="asks them first"):
        use()
    with pytest.raises(NotAllowed):
        talk_over(store, desk.act(DEB), ana)
    assert talk_over(store, desk.act(wu), ana).talked_by == "Dr. Wu"
    use()
    assert desk.balance(course) == (9, 148500)
    seen = check_of(store, desk.act(), ana)
    assert seen is not None
    assert (seen.answer, seen.list_version, seen.waits) == ("ask", 1, False)


def test_olga_reads_how_many_asked_to_be_asked_and_nothing_more(desk: Desk) -> None:
    """In November Ana answers twice on one day, first “ask me”, then that nothing applies; Bea says “ask me” and is
    asked, Cai says so and leaves. In December the list has a second version, and Ana answers it. The report counts a
    client once a day with their last answer, by month and version, and names nobody. When Bea's data is deleted, so
    is her answer.
    """
    store = desk.store
    ana, bea, cai = (desk.client(name) for name in ("Ana Souza", "Bea Wong", "Cai Lin"))
    save_list(store, desk.act(OLGA), {"en": "I feel ill"}, reviewed_by="Dr. Wu", seen_version=0)
    for client, answer in ((ana, "ask"), (ana, "none"), (bea, "ask"), (cai, "ask")):
        answer_check(store, desk.act(), client, answer, 1, source="page")
    talk_over(store, desk.act(OLGA), bea)
    november = month_of(desk.today)
    desk.clock.advance(days=31)
    save_list(store, desk.act(OLGA), {"en": "I am pregnant"}, reviewed_by="Dr. Wu", seen_version=1)
    answer_check(store, desk.act(), ana, "none", 2, source="page")
    counted = (
        CheckedMonth(november, version=1, answered=3, none=1, ask=2, talked=1),
        CheckedMonth(month_of(desk.today), version=2, answered=1, none=1, ask=0, talked=0),
    )
    assert checks_by_month(store, desk.clock()) == counted
    assert [[each.cell(row) for each in CHECKED[1:]] for row in counted] == [[1, 3, 1, 2, 1], [2, 1, 1, 0, 0]]
    erase_client(store, desk.act(OLGA), Erasure(bea, "Bea Wong", gives_up=True))
    assert checks_by_month(store, desk.clock())[0].answered == 2
    desk.clock.advance(days=366)
    assert checks_by_month(store, desk.clock()) == ()


def test_a_new_version_is_read_again(desk: Desk) -> None:
    """Olga changes the list while Ana reads the old one: Ana's answer is refused until she has read the new one. The
    same list again is no new version; without a point or a reviewer there is none; and who saves over another's
    version is told.
    """
    store, ana = desk.store, desk.client()
    save = {"reviewed_by": "Dr. Wu"}
    first = save_list(store, desk.act(OLGA), {"en": "I feel ill\n\n I feel ill "}, seen_version=0, **save)
    assert first.points == {"en": ("I feel ill",)}
    assert save_list(store, desk.act(OLGA), {"en": "I feel ill"}, seen_version=0, **save).version == 1
    with pytest.raises(Refused, match="meanwhile"):
        save_list(store, desk.act(OLGA), {"en": "I am pregnant"}, seen_version=0, **save)
    save_list(store, desk.act(OLGA), {"en": "I am pregnant"}, seen_version=1, **save)
    for answer, version, why in (
        ("none", 1, "Read it again"),
        ("yes", 2, "two answers"),
        ("none", 99, "Read it again"),
    ):
        with pytest.raises((Refused, InvalidField), match=why):
            answer_check(store, desk.act(), ana, answer, version, source="page")
    for wrong in ({"en": " "}, {"en": "x" * 161}, {"en": "\n".join(f"Point {n}" for n in range(21))}):
        with pytest.raises(InvalidField):
            save_list(store, desk.act(OLGA), wrong, seen_version=2, **save)
    with pytest.raises(InvalidField, match="missing"):
        save_list(store, desk.act(OLGA), {"en": "I feel ill"}, seen_version=2, reviewed_by=" ")
