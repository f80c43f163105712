"""Search of customers: Square's list and search calls, and the register's own search box."""

import re

from practice_square.cursors import Page, page_of
from practice_square.customers import digits_of, name_of
from practice_square.refusals import Refusal
from practice_square.shapes import TIME_RANGE, Flag, Many, Record, Text, Whole, checked, moment
from practice_square.storage import Json, Work

TEXT_FILTER = Record(exact=Text(), fuzzy=Text())
SEARCH = Record(
    cursor=Text(),
    limit=Whole(1, 100),
    count=Flag(),
    query=Record(
        filter=Record(
            phone_number=TEXT_FILTER,
            email_address=TEXT_FILTER,
            reference_id=TEXT_FILTER,
            created_at=TIME_RANGE,
            updated_at=TIME_RANGE,
            creation_source=Record(values=Many(Text()), rule=Text()),
            group_ids=Record(),
            custom_attribute=Record(),
            segment_ids=Record(),
        ),
        sort=Record(
            field=Text(one_of=("DEFAULT", "CREATED_AT")),
            order=Text(one_of=("ASC", "DESC")),
        ),
    ),
)


def list_customers(work: Work, query: Json, limit: int, *, newest_first: bool) -> Page:
    return page_of(work, "customer", query, limit, newest_first=newest_first)


def search_customers(work: Work, body: Json) -> Json:
    checked(body, SEARCH)
    query = body.get("query") or {}
    asked, sort = query.get("filter") or {}, query.get("sort") or {}

    def fits(customer: Json) -> bool:
        return _fits(customer, asked)

    is_newest_first = sort.get("order") == "DESC"
    page = page_of(work, "customer", body, body.get("limit") or 100, fits=fits, newest_first=is_newest_first)
    answer = page.as_body("customers")
    if body.get("count"):
        answer["count"] = sum(map(fits, work.all("customer")))
    return answer


def find_by_words(work: Work, words: str) -> list[Json]:
    """Find customers whose name, e-mail or phone contains every word, by name: the register's own search box."""
    wanted = words.casefold().split()
    found = [one for one in work.all("customer") if all(word in _searched(one) for word in wanted)]
    return sorted(found, key=lambda one: name_of(one).casefold())


def _searched(customer: Json) -> str:
    phone = customer.get("phone_number", "")
    fields = [name_of(customer), customer.get("email_address", ""), phone, digits_of(phone)]
    return " ".join(fields).casefold()


def _fits(customer: Json, asked: Json) -> bool:
    for name in ("email_address", "phone_number", "reference_id"):
        if asked.get(name) and not _fits_text(customer.get(name, ""), name, asked[name]):
            return False
    for name in ("created_at", "updated_at"):
        if asked.get(name) and not _fits_time(customer[name], name, asked[name]):
            return False
    sources = asked.get("creation_source")
    if sources:
        is_named = customer["creation_source"] in sources.get("values", [])
        is_wanted = sources.get("rule", "INCLUDE") == "INCLUDE"
        return bool(is_named == is_wanted)
    return True


def _fits_text(value: str, name: str, asked: Json) -> bool:
    exact, fuzzy = asked.get("exact"), asked.get("fuzzy")
    if exact is not None:
        return _fits_exactly(value, name, exact)
    if fuzzy is None:
        return True
    if name == "phone_number":
        return bool(digits_of(fuzzy)) and digits_of(fuzzy) in digits_of(value)
    tokens = re.split(r"[\s@.+_-]+", fuzzy.casefold())
    return all(token in value.casefold() for token in tokens if token)


def _fits_exactly(value: str, name: str, exact: str) -> bool:
    if name != "phone_number":
        return value.casefold() == exact.casefold()
    if not re.fullmatch(r"\+\d{9,16}", exact):
        raise Refusal(
            "INVALID_PHONE_NUMBER",
            "An exact phone number filter must be in E.164 format.",
            field="query.filter.phone_number.exact",
        )
    digits = digits_of(value)
    return exact[1:] in (digits, f"1{digits}" if len(digits) == 10 else digits)


def _fits_time(value: str, name: str, asked: Json) -> bool:
    start = moment(asked.get("start_at"), f"query.filter.{name}.start_at")
    end = moment(asked.get("end_at"), f"query.filter.{name}.end_at")
    return (start is None or value >= start) and (end is None or value < end)
