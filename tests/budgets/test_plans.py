"""Every query of every page and API call is served by an index where its table grows."""

import re
from collections.abc import Iterator
from datetime import timedelta

from flask import Flask

from plugin.core.acts import Role
from plugin.core.terms import Terms
from plugin.courses.accounts.api_tokens import add_token
from plugin.courses.base.keyset import read_order
from plugin.courses.clients.clients import find_clients, recent_clients
from plugin.courses.clients.contacts import Buyer
from plugin.courses.clients.private_page import token_of
from plugin.courses.documents.read import ORDERS as DOCUMENT_ORDERS
from plugin.courses.documents.read import find_documents
from plugin.courses.lists.client_list import ORDERS as CLIENT_ORDERS
from plugin.courses.lists.client_list import ClientFilter, list_clients
from plugin.courses.lists.course_list import ORDERS, CourseFilter, list_courses
from plugin.courses.lists.listing import keep_listing, renew_some
from plugin.courses.reports.breakage import expired_courses, expired_sums
from plugin.courses.reports.follow_ups import FollowUpFilter, follow_up_page
from plugin.courses.reports.period import Period
from plugin.courses.reports.totals import keep_totals
from plugin.services import Services
from plugin.store import Store
from plugin.store.tables import METADATA
from tests.budgets.counting import Statement, counted
from tests.courses.appointments import Appointments
from tests.courses.desk import Desk
from tests.courses.documents.sales import Papers
from tests.web.visitor import Visitor

GROWING = {
    *("allowance", "attention", "booking", "checkout", "client", "client_merge", "course", "course_origin"),
    *("course_share", "desk_refund", "desk_refund_part", "dispute", "document", "document_course"),
    *("document_file", "entry", "gift", "handout", "history", "inbox", "operation", "outbox", "paper"),
    *("sale_record", "square_customer", "square_person", "square_refund", "sweep", "version", "visit"),
    *("client_digits", "listed_course", "unlisted_course", "visit_note", "visit_note_option"),
    *("money_posting", "payment_fee", "outgoing_event", "event_delivery"),
    *("agreement", "agreement_sale", "agreement_signature", "buy_again", "check_answer", "client_letter"),
    *("letter_choice", "own_rating", "planned_visit", "public_order", "quote", "rated_concern", "tip"),
    *("visit_letter", "imported_course", "allowed_ahead", "private_page", "profile_note", "erased_profile"),
}


# The whole of a growing table is read on purpose, each time for a reason.
ALLOWED = {
    # The last sales by the index of their day; what is sorted afterwards is the handful that was found.
    "SCAN course USING INDEX ix_course_sold_at": "the newest sales",
    # Personal data may stand in any text; the owner asks once in a while.
    "SCAN client | SELECT client.name_folded": "erasure looks for the same person elsewhere",
    "SCAN attention USING INDEX sqlite_autoindex_attention_1": "export looks through all texts",
    "SCAN inbox USING INDEX sqlite_autoindex_inbox_1": "export looks through all texts",
    # The owner's reports are about all courses there are.
    "SCAN unlisted_course": "the changes that are not in the list yet: few, and at most ten thousand are counted",
    "SCAN gift USING INDEX sqlite_autoindex_gift_1": "which vouchers waited in a month: few were given",
    "SCAN event_delivery": "the newest deliveries by their number, which is the row's own: a page of them",
    "SCAN rated_concern": "own ratings are about all who rated: a few rows each",
    "SCAN allowance": "what is left of all courses, by package",
}


def values_in(desk: Desk) -> dict[str, str]:
    """Sell, use, issue and book a little, and return what addresses name."""
    papers = Papers(desk)
    course_id = papers.sell("ORDER-A")
    desk.use(course_id)
    papers.work()
    desk.sell(papers.package, buyer=None)
    Appointments(desk).told()
    course = desk.course(course_id)
    return {
        "client_id": course.client_id or "",
        "course_id": course_id,
        "package_id": course.package_id,
        "item_id": desk.questions()[0].id,
        "booking_id": "B1",
        "visit_id": course.visits[0].id,
        "entry_id": course.entries[-1].id,
        "month": "2026-11",
    }


def addresses(app: Flask, values: dict[str, str]) -> Iterator[str]:
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint not in ("static", "security.logout"):
            given = {name: values.get(name, "none") for name in rule.arguments}
            yield adapter.build(rule.endpoint, given, method="GET")


def full_reads(store: Store, statements: list[Statement]) -> dict[str, str]:
    """Return the statements that read a growing table from end to end, each with the plan's line for it."""
    found = {}
    with store.engine.connect() as connection:
        for each in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {each.sql}", each.values).all()
            lines = [row.detail for row in plan]
            is_ordered_walk = "LIMIT" in each.sql and not any(
                "TEMP B-TREE FOR ORDER" in line for line in lines
            )
            for line in lines:
                scan = re.match(
                    r"SCAN (\w+?)(?:_\d+)?(?: USING (?:COVERING )?INDEX (\w+))?$", line
                ) or _AMONG_ALL_CLIENTS.match(line)
                if scan is None or scan[1] not in GROWING or scan[2] in PARTIAL:
                    continue
                if not (is_ordered_walk and scan[2]):
                    found[" ".join(each.sql.split())] = line
    return found


# Almost all clients are neither merged nor erased. Two indexes are there to go through them all: they cover.
_AMONG_ALL_CLIENTS = re.compile(
    r"SEARCH (client)(?:_\d+)? USING INDEX (\w+) \(merged_into=\? AND erased_at=\?\)$"
)
PARTIAL = {
    index.name
    for table in METADATA.tables.values()
    for index in table.indexes
    if index.dialect_options["sqlite"]["where"] is not None
}


def test_no_page_reads_a_growing_table_from_end_to_end(
    small_app: Flask, small_olga: Visitor, small_desk: Desk, small_house: Services
) -> None:
    values = values_in(small_desk)
    token = add_token(small_house.store, name="Till", role=Role.OWNER, now=small_desk.clock())
    asked: dict[str, Statement] = {}
    pages: dict[str, list[str]] = {}
    for address in addresses(small_app, values):
        with counted(small_house.store.engine) as statements:
            answer = small_olga.get(address, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code < 500, address
        for each in statements:
            if each.is_query:
                asked.setdefault(each.sql, each)
                pages.setdefault(" ".join(each.sql.split()), []).append(address)
    bad = full_reads(small_house.store, list(asked.values()))
    found = {f"{line} | {sql}": pages[sql] for sql, line in bad.items()}
    unknown = {what: pages for what, pages in found.items() if not any(known in what for known in ALLOWED)}
    assert unknown == {}
    assert [known for known in ALLOWED if not any(known in what for what in found)] == []


def test_a_page_of_the_course_list_walks_an_index_in_its_order(small_desk: Desk) -> None:
    package, store = small_desk.package(), small_desk.store
    for _ in range(2):
        small_desk.sell(package)
    renew_some(store, small_desk.clock())
    everything = CourseFilter(state="open", has_due=True, expires_within=30, not_seen_for=42, left_at_most=2)
    for name in (*ORDERS, *(f"-{key}" for key in ORDERS)):
        order = read_order(name, ORDERS)
        first = list_courses(store, CourseFilter(), order, now=small_desk.clock(), limit=1)
        for wanted in (CourseFilter(), everything):
            with counted(store.engine) as statements:
                list_courses(store, wanted, order, now=small_desk.clock(), limit=1, cursor=first.page.cursor)
            (paged,) = [each for each in statements if "ORDER BY" in each.sql and "LIMIT" in each.sql]
            assert full_reads(store, [paged]) == {}, name


def test_a_page_of_documents_walks_an_index_in_its_order(small_desk: Desk) -> None:
    papers = Papers(small_desk)
    for number in "AB":
        papers.sell(number)
    papers.work()
    for name in (*DOCUMENT_ORDERS, *(f"-{key}" for key in DOCUMENT_ORDERS)):
        order, cursor = read_order(name, DOCUMENT_ORDERS), None
        for kind in (None, "invoice"):
            for _ in range(2):
                with counted(small_desk.store.engine) as statements:
                    cursor = find_documents(
                        small_desk.store, kind=kind, order=order, limit=1, cursor=cursor
                    ).cursor
                (paged,) = [each for each in statements if "LIMIT" in each.sql]
                plan = plan_of(small_desk.store, paged)
                assert "USE TEMP B-TREE FOR ORDER BY" not in plan, (name, kind, plan)


def plan_of(store: Store, statement: Statement) -> list[str]:
    with store.engine.connect() as connection:
        return [
            row.detail
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement.sql}", statement.values)
        ]


def test_the_newest_clients_are_read_from_the_end_of_an_index(small_desk: Desk) -> None:
    """SQLite would rather take the index of who was merged, in which almost all clients are one value."""
    small_desk.sell()
    small_desk.client("Bea Wong")
    for limit in (1, 9):
        with counted(small_desk.store.engine) as statements:
            recent_clients(small_desk.store, today=small_desk.today, limit=limit)
        by_course, without = (
            plan_of(small_desk.store, each)
            for each in statements
            if "ORDER BY" in each.sql and "LIMIT" in each.sql
        )
        assert by_course[0] == "SCAN course USING INDEX ix_course_booked_at"
        assert without[0].startswith("SEARCH client USING INDEX ix_client_created_at")
        assert "USE TEMP B-TREE FOR ORDER BY" not in by_course + without


def test_a_page_of_names_that_begin_so_reads_no_other(small_desk: Desk) -> None:
    for name in ("Ana Berg", "Ana Zhu", "Joana Ana"):
        small_desk.client(name)
    whole = "SEARCH client USING COVERING INDEX ix_client_search (merged_into=? AND erased_at=?)"
    part = f"{whole[:-1]} AND name_folded>? AND name_folded<?)"
    for typed, limit, read in (("ana", 1, [part]), ("ana", 2, [part, whole]), ("berg", 1, [part, whole])):
        with counted(small_desk.store.engine) as statements:
            find_clients(small_desk.store, typed, today=small_desk.today, limit=limit)
        plans = [plan_of(small_desk.store, each) for each in statements if "search_text LIKE" in each.sql]
        assert [next(line for line in plan if "ix_client_search" in line) for plan in plans] == read, typed


def test_a_part_of_a_phone_number_is_found_in_an_index(small_desk: Desk) -> None:
    small_desk.client("Ana Berg", phone="(415) 555-0123")
    for typed in ("5550123", "INV-0001"):
        with counted(small_desk.store.engine) as statements:
            find_clients(small_desk.store, typed, today=small_desk.today, limit=1)
        (plan,) = (plan_of(small_desk.store, each) for each in statements if "search_text LIKE" in each.sql)
        assert "SEARCH client USING INDEX sqlite_autoindex_client_1 (id=?)" in plan, typed
        (digits,) = (line for line in plan if "client_digits" in line)
        assert digits.startswith("SEARCH client_digits USING"), typed
        assert "ix_client_digits_digits_client_id (digits>? AND digits<?)" in digits, typed
        assert not [line for line in plan if line.startswith("SCAN client")], typed


def test_clients_are_counted_in_their_narrowest_index(small_desk: Desk) -> None:
    small_desk.client("Ana Berg")
    with counted(small_desk.store.engine) as statements:
        list_clients(small_desk.store, ClientFilter(), CLIENT_ORDERS["name"], now=small_desk.clock(), limit=1)
    (counting,) = (each for each in statements if "count(*)" in each.sql and "FROM client" in each.sql)
    narrow = "ix_client_merged_into_erased_at (merged_into=? AND erased_at=?)"
    assert plan_of(small_desk.store, counting) == [f"SEARCH client USING COVERING INDEX {narrow}"]


def test_follow_ups_read_no_client_who_is_not_shown(small_desk: Desk) -> None:
    """Counted by sums, and ordered by an index."""
    for days in (10, 20):
        terms = Terms(expires_on=small_desk.today + timedelta(days=days))
        package = small_desk.package(terms=terms, name=f"{days} days")
        small_desk.sell(package, buyer=Buyer(f"B{days}", name=f"B{days}"))
    keep_listing(small_desk.store, small_desk.clock)
    with counted(small_desk.store.engine) as statements:
        page = follow_up_page(small_desk.store, small_desk.clock(), FollowUpFilter(), limit=1)
    assert (page.everybody, len(page.people)) == (2, 1)
    plans = [plan_of(small_desk.store, each) for each in statements if "listed_client" in each.sql]
    booked, shown = plans
    assert "SEARCH listed_client USING INDEX sqlite_autoindex_listed_client_1 (client_id=?)" in booked
    assert shown[0] == "SCAN listed_client USING COVERING INDEX ix_listed_client_reasons"
    assert "USE TEMP B-TREE FOR ORDER BY" not in shown


def test_own_ratings_are_read_of_who_has_some(small_olga: Visitor, small_house: Services) -> None:
    with counted(small_house.store.engine) as statements:
        assert small_olga.get("/ratings").status_code == 200
    (rated,) = [each for each in statements if "IN (SELECT rated_concern" in each.sql]
    assert (
        plan_of(small_house.store, rated)[0] == "SEARCH client USING INDEX sqlite_autoindex_client_1 (id=?)"
    )


def test_what_expired_is_read_from_sums_and_in_the_order_of_its_index(small_desk: Desk) -> None:
    small_desk.sell()
    keep_totals(small_desk.store)
    keep_listing(small_desk.store, small_desk.clock)
    with counted(small_desk.store.engine) as statements, small_desk.store.reading() as session:
        list(expired_sums(session, Period(small_desk.today, small_desk.today)))
        expired_courses(small_desk.store, small_desk.today)
    plans = [plan_of(small_desk.store, each) for each in statements if "lapse" in each.sql]
    read = {line for plan in plans for line in plan if " listed_course" in line}
    assert read == {
        "SEARCH listed_course USING INDEX ix_listed_course_late (late_at>?)",
        "SEARCH listed_course USING INDEX ix_listed_course_lapsing (lapses_on<?)",
    }


def test_the_palette_finds_all_kinds_by_an_index(
    small_olga: Visitor, small_desk: Desk, small_house: Services
) -> None:
    values = values_in(small_desk)
    token = token_of(small_house.store, small_desk.act(), values["client_id"])
    for typed in ("ana", "0123", "INV-0001", "1", "ABCD-EFGH-JKMN", f"https://x/my/{token}"):
        at = f"/clients/{values['client_id']}"
        with counted(small_house.store.engine) as statements:
            assert small_olga.get("/find", query_string={"q": typed, "at": at}).status_code == 200
        assert full_reads(small_house.store, [each for each in statements if each.is_query]) == {}, typed


def test_a_full_read_is_found(lite_store: Store) -> None:
    planted = Statement("SELECT text FROM history WHERE reason = ?", ("",))
    served = Statement("SELECT text FROM history WHERE course_id = ?", ("",))
    assert list(full_reads(lite_store, [planted, served])) == [planted.sql]
