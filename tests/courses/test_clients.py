"""Clients: created at the desk, found by whatever the desk remembers of them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.core.terms import Terms
from plugin.core.text import folded
from plugin.courses.audit import audit
from plugin.courses.base.clinic import read_clinic, save_clinic
from plugin.courses.clients import clients
from plugin.courses.clients.clients import (
    change_client,
    create_client,
    find_clients,
    read_client,
    recent_clients,
)
from plugin.errors import InvalidField, KeyReused, NotFound
from plugin.staff_languages import staff_language
from plugin.store.prepared import Prepared
from plugin.wording import speaking
from tests.courses.desk import OLGA, Desk
from tests.databases import sqlite_alone


@pytest.fixture
def find(desk: Desk) -> Callable[[str], list[str]]:
    return lambda q: [row.client.name for row in find_clients(desk.store, q, today=desk.today).rows]


Find = Callable[[str], list[str]]


def _move_to(desk: Desk, country: str) -> None:
    save_clinic(desk.store, desk.act(OLGA), replace(read_clinic(desk.store), country=country))


def test_last_digits_that_begin_with_a_zero_are_those_digits(desk: Desk, find: Find) -> None:
    for name, phone in (("Ana", "+1 310 555 0108"), ("Mei", "+1 310 555 0105"), ("Kai", "+49 151 2345678")):
        create_client(desk.store, desk.act(), name=name, phone=phone, email=None, language=None)
    assert find("0105") == ["Mei"]
    # A number as it is dialed within the country.
    assert find("0151 2345") == ["Kai"]
    assert find("0151") == []
    _move_to(desk, "DE")
    assert (find("015"), find("0151"), find("0105")) == (["Kai"], ["Kai"], ["Mei"])


class TestMaking:
    def test_a_client_is_kept_as_typed_but_tidy(self, desk: Desk) -> None:
        made = create_client(
            desk.store,
            desk.act(),
            name="  Ana   Souza ",
            phone="(415) 555-0123",
            email=" Ana@Example.org ",
            language="zh-Hans",
        )
        assert (made.name, made.phone, made.email) == ("Ana Souza", "+14155550123", "Ana@example.org")
        assert (made.language, made.square_customer_id) == ("zh-Hans", None)
        assert read_client(desk.store, made.id) == made

    def test_a_name_alone_is_enough(self, desk: Desk) -> None:
        made = create_client(desk.store, desk.act(), name="Ana", phone=" ", email="", language=None)
        assert (made.phone, made.email, made.language) == (None, None, "en")

    def test_what_is_missing_is_said_in_the_readers_language(self, desk: Desk) -> None:
        with pytest.raises(InvalidField) as refused:
            create_client(desk.store, desk.act(), name="", phone=None, email=None, language=None)
        with speaking(staff_language("es-US")):
            assert str(refused.value.message) == "Falta: El nombre."

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("name", None, "The name is missing"),
            ("name", " \u200b ", "The name is missing"),
            ("name", "x" * 121, "at most 120 fit"),
            ("phone", "12", "not a full phone number"),
            ("phone", "call me", "not a full phone number"),
            ("phone", "+1 415 555 0123 0123 0123", "not a full phone number"),
            ("phone", "9" * 400, "not a full phone number"),
            ("email", "ana", "not an e-mail address"),
            ("email", "ana@", "not an e-mail address"),
            ("email", "a b@example.org", "not an e-mail address"),
            ("email", "a\x00@example.org", "not an e-mail address"),
            ("email", "a" * 300 + "@example.org", "not an e-mail address"),
            ("language", "english", "A language is a tag"),
            ("language", "EN", "A language is a tag"),
            ("language", "en_US", "A language is a tag"),
            ("language", "en\n", "A language is a tag"),
            ("language", "x" * 400, "A language is a tag"),
        ],
        ids=ascii,
    )
    @sqlite_alone
    def test_what_can_not_be_kept_is_refused_in_a_sentence(
        self, desk: Desk, field: str, value: str | None, said: str
    ) -> None:
        typed = {"name": "Ana", field: value}
        with pytest.raises(InvalidField, match=said) as refusal:
            create_client(desk.store, desk.act(), **typed)
        assert refusal.value.field == field
        assert find_clients(desk.store, "", today=desk.today).rows == ()

    @pytest.mark.parametrize("name", ["ß" * 120, "ﷺ" * 120, "é" * 120, "王" * 120, "😀" * 120], ids=ascii)
    def test_a_name_may_have_a_hundred_and_twenty_of_any_letters(self, desk: Desk, name: str) -> None:
        assert read_client(desk.store, desk.client(name)).name == name

    @pytest.mark.parametrize(
        ("country", "phone"),
        [
            ("US", "555-0191"),
            ("US", "+1 555-0191"),
            ("US", "123-456-7890"),
            ("CA", "555-0191"),
            ("GB", "7946 0958"),
            ("AU", "9374 4000"),
            ("IE", "555 0191"),
            ("JP", "3456-7890"),
            ("ES", "555 01 91"),
        ],
    )
    def test_a_number_without_its_area_code_is_refused_in_every_country(
        self, desk: Desk, country: str, phone: str
    ) -> None:
        """B20."""
        _move_to(desk, country)
        with pytest.raises(InvalidField, match="not a full phone number") as refused:
            desk.client("Ana", phone=phone)
        assert refused.value.field == "phone"

    @pytest.mark.parametrize(
        ("country", "phone", "kept"),
        [
            ("US", "310-555-0191", "+13105550191"),
            ("US", "+1 123 456 7890", "+11234567890"),
            ("US", "011 44 20 7946 0958", "+442079460958"),
            ("GB", "020 7946 0958", "+442079460958"),
            ("GB", "+1 310 555 0191", "+13105550191"),
            ("AU", "(02) 9374 4000", "+61293744000"),
            ("SG", "6123 4567", "+6561234567"),
            ("ES", "912 34 56 78", "+34912345678"),
        ],
    )
    def test_a_full_number_is_kept_with_its_country_code(
        self, desk: Desk, country: str, phone: str, kept: str
    ) -> None:
        """B20: with a country code the length decides, without one the rules of the clinic's country."""
        _move_to(desk, country)
        assert read_client(desk.store, desk.client("Ana", phone=phone)).phone == kept

    def test_the_same_act_again_is_the_same_client(self, desk: Desk) -> None:
        first = create_client(desk.store, desk.act(key="tap"), name="Ana")
        assert create_client(desk.store, desk.act(key="tap"), name="Ana") == first
        with pytest.raises(KeyReused):
            create_client(desk.store, desk.act(key="tap"), name="Anna")

    def test_two_of_one_name_and_phone_are_two_if_the_desk_says_so(self, desk: Desk) -> None:
        assert desk.client("Ana", phone="4155550123") != desk.client("Ana", phone="4155550123")

    def test_nobody_is_not_found(self, desk: Desk) -> None:
        with pytest.raises(NotFound, match="no such client"):
            read_client(desk.store, "nobody")


class TestFinding:
    @pytest.mark.parametrize(
        "q",
        [
            "ines",
            "INÊS",
            "Ines Ostergard",
            "østergård inês",
            "gard in",
            "ines@",
            "INES@EXAMPLE.ORG",
            "0123",
            "415 555",
            "(415) 555-0123",
            "+1 415 555 0123",
            "0415 555",
            "  inês  ",
            "ines example",
        ],
    )
    def test_any_part_in_any_order_finds_her(self, desk: Desk, find: Find, q: str) -> None:
        desk.client("Inês Østergård", phone="(415) 555-0123", email="ines@example.org")
        desk.client("Bea Wong", phone="(212) 555-9999", email="bea@example.com")
        assert find(q) == ["Inês Østergård"]

    @pytest.mark.parametrize(
        "q", ["ines bea", "5551", "%", "_", "\\", "in%s", "ines\x00bea", "zz"], ids=ascii
    )
    def test_what_is_nobody_s_finds_nobody(self, desk: Desk, find: Find, q: str) -> None:
        desk.client("Inês Østergård", phone="(415) 555-0123", email="ines@example.org")
        assert find(q) == []

    @pytest.mark.parametrize("many", [1000, 1], ids=["few have it", "many have it"])
    def test_any_part_of_a_number_is_found_as_contacts_change(
        self, desk: Desk, find: Find, monkeypatch: pytest.MonkeyPatch, many: int
    ) -> None:
        monkeypatch.setattr(clients, "_MANY_HOLDERS", many)
        monkeypatch.setattr(clients, "_HOLDERS", Prepared(clients._HAS_DIGITS.limit(many + 1)))
        texts = {
            "Ana 007": "ana 007 ana2015@example.org 14155550123",
            "Bea": "bea  14155550199",
            "Cy": "cy cy415555@example.org ",
        }
        made = desk.client("Ana 007", phone="(415) 555-0123", email="ana2015@example.org")
        desk.client("Bea", phone="(415) 555-0199", email="")
        desk.client("Cy", phone="", email="cy415555@example.org")
        digits = ["14155550123", "0199", "2015", "007", "555512", "9990", "4155559", "12345"]
        parts = {one[a:b] for one in digits for a in range(len(one)) for b in range(a + 3, len(one) + 1)}

        def wanted(part: str) -> list[str]:
            typed = (part.lstrip("0") if len(part) > 4 else "") or part
            return [name for name, text in texts.items() if typed in text]

        assert {part: find(part) for part in parts} == {part: wanted(part) for part in parts}
        assert find("ana 555") == ["Ana 007"]
        assert find("@example.org 415555 cy") == ["Cy"]
        change_client(
            desk.store, desk.act(), made, name="Ana", phone="(212) 555-0142", email=None, language=None
        )
        assert (find("5550142"), find("5550123"), find("2015")) == (["Ana"], [], [])
        assert audit(desk.store) == ()

    @pytest.mark.parametrize("q", ["", " ", "\x00", "\ud800", "\u200b"], ids=ascii)
    def test_nothing_typed_lists_everybody(self, desk: Desk, find: Find, q: str) -> None:
        desk.client("Bea")
        desk.client("Ana")
        assert find(q) == ["Ana", "Bea"]

    def test_a_very_long_search_is_answered(self, find: Find) -> None:
        assert find("ana " * 5000) == []

    def test_names_that_begin_so_come_first(self, desk: Desk, find: Find) -> None:
        for name in ("Roseanna", "Anna Zhu", "Johanna", "Anna Berg"):
            desk.client(name)
        assert find("anna") == ["Anna Berg", "Anna Zhu", "Johanna", "Roseanna"]

    @pytest.mark.parametrize("script", ["王小明", "Анна", "نور", "さくら"], ids=ascii)
    def test_any_script_is_found(self, desk: Desk, find: Find, script: str) -> None:
        desk.client(script)
        assert find(script[:2]) == [script]

    @pytest.mark.parametrize("limit", [1, 2, 3, 7])
    def test_pages_show_everybody_once_though_names_are_equal(self, desk: Desk, limit: int) -> None:
        made = {desk.client(name) for name in ["Ana"] * 5 + ["Joana", "Bea Ana"]}
        seen, cursor = [], None
        while True:
            page = find_clients(desk.store, "ana", today=desk.today, limit=limit, cursor=cursor)
            assert len(page.rows) <= limit
            seen += [row.client.id for row in page.rows]
            cursor = page.cursor
            if cursor is None:
                break
        assert len(seen) == len(made)
        assert set(seen) == made

    @pytest.mark.parametrize("limit", [1, 50])
    def test_pages_of_any_search_have_names_that_begin_so_first(self, desk: Desk, limit: int) -> None:
        names = ["Straße Bo", "Strasse Ann", "Ann Straßer", "Élan", "Ella", "Joé", "100% Ana", "1000 Ana"]
        names += ["a_b", "axb", "_a", "\\a", "a\\b", "Zoë", "Enzo", "O'Neil", "Bo O'Neil"]
        for name in names:
            desk.client(name)
        for typed in ("straß", "STRASSE b", "é", "100% a", "_", "a_b", "\\", "zo", "o'", " "):
            begin = folded(typed)
            found = [name for name in names if all(word in folded(name) for word in begin.split())]
            found.sort(key=lambda name: (not folded(name).startswith(begin), folded(name)))
            shown, cursor, is_more = list[str](), None, True
            while is_more:
                page = find_clients(desk.store, typed, today=desk.today, limit=limit, cursor=cursor)
                shown += [row.client.name for row in page.rows]
                cursor, is_more = page.cursor, page.cursor is not None
            assert shown == found, typed

    def test_a_cursor_from_elsewhere_is_refused(self, desk: Desk) -> None:
        with pytest.raises(NotFound, match="start it again"):
            find_clients(desk.store, "", today=desk.today, cursor="elsewhere")


class TestBalances:
    def found(self, desk: Desk, name: str) -> tuple[int, int, int]:
        (row,) = find_clients(desk.store, name, today=desk.today).rows
        return row.balance.left, row.balance.granted, row.balance.courses

    def test_a_client_without_courses_has_nothing(self, desk: Desk) -> None:
        desk.client("Bea")
        assert self.found(desk, "Bea") == (0, 0, 0)

    def test_only_main_sessions_of_courses_in_use_count(self, desk: Desk) -> None:
        package = desk.package(sessions=12, touch_ups=2)
        desk.use(desk.sell(package), sessions=2)
        desk.sell(package)
        finished = desk.sell(desk.package(sessions=1))
        desk.use(finished)
        desk.sell(desk.package(terms=Terms(expires_on=desk.today - timedelta(1))))
        refunded = desk.sell(package, order="O")
        desk.refund("O", 198000, return_order=None)
        assert desk.course(refunded).closed_at is not None
        assert self.found(desk, "Ana") == (22, 24, 2)

    def test_the_last_served_come_first_where_nothing_is_typed(self, desk: Desk) -> None:
        old = desk.client("Old")
        desk.clock.advance(hours=1)
        owner = desk.course(desk.sell()).client_id
        desk.clock.advance(hours=1)
        new = desk.client("New")
        rows = recent_clients(desk.store, today=desk.today, limit=5)
        assert [row.client.id for row in rows] == [new, owner, old]
        assert len(recent_clients(desk.store, today=desk.today, limit=2)) == 2
