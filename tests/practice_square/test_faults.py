"""The faults, one by one, as a caller meets them."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from square import Square
from square.core.api_error import ApiError

from practice_square.control import ControlRefused
from practice_square.serving import PracticeServer
from tests.practice_square.counter import Counter, open_counter

ONCE: Any = {"max_retries": 0}


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """A practice Square without a server: for faults that need no wire."""
    with open_counter(tmp_path_factory.mktemp("faults")) as counter:
        yield counter


def statuses(sdk: Square, calls: int) -> list[int]:
    told = []
    for _ in range(calls):
        try:
            sdk.locations.list(request_options=ONCE)
            told.append(200)
        except ApiError as error:
            told.append(int(error.status_code or 0))
    return told


def test_the_next_calls_fail_and_then_all_is_well(practice: PracticeServer, sdk: Square) -> None:
    practice.control.set_faults(fail_next=2)
    assert statuses(sdk, 4) == [500, 500, 200, 200]
    assert practice.control.faults()["fail_next"] == 0


def test_every_third_call_fails(practice: PracticeServer, sdk: Square) -> None:
    practice.control.set_faults(fail_every=3, fail_how="503")
    assert statuses(sdk, 6) == [200, 200, 503, 200, 200, 503]


@pytest.mark.parametrize(
    ("how", "code"), [("500", "INTERNAL_SERVER_ERROR"), ("429", "RATE_LIMITED"), ("409", "CONFLICT")]
)
def test_a_failure_has_squares_shape(practice: PracticeServer, sdk: Square, how: str, code: str) -> None:
    practice.control.set_faults(fail_next=1, fail_how=how)
    with pytest.raises(ApiError) as caught:
        sdk.locations.list(request_options=ONCE)
    assert (caught.value.status_code, caught.value.errors[0].code) == (int(how), code)


def test_a_rate_limit_says_when_to_come_back(practice: PracticeServer, sdk: Square) -> None:
    practice.control.set_faults(fail_next=1, fail_how="429")
    answer = httpx.get(practice.base_url + "/v2/locations")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")


def test_a_garbage_body_comes_with_a_200(practice: PracticeServer, sdk: Square) -> None:
    practice.control.set_faults(fail_next=1, fail_how="garbage")
    with pytest.raises(ApiError) as caught:
        sdk.locations.list(request_options=ONCE)
    assert caught.value.status_code == 200


def test_a_cut_connection_gives_no_answer(practice: PracticeServer, sdk: Square) -> None:
    practice.control.set_faults(fail_next=1, fail_how="cut")
    with pytest.raises(httpx.TransportError):
        sdk.locations.list(request_options=ONCE)
    assert statuses(sdk, 1) == [200]


@pytest.mark.parametrize("how", ["500", "garbage", "cut"])
def test_a_failure_after_the_work_leaves_the_work_done(
    practice: PracticeServer, sdk: Square, how: str
) -> None:
    practice.control.set_faults(fail_next=1, fail_how=how, fail_after=True)
    with pytest.raises((ApiError, httpx.TransportError)):
        sdk.customers.create(idempotency_key="k", given_name="Ada", request_options=ONCE)
    assert sdk.customers.search(count=True).count == 13
    assert sdk.customers.create(idempotency_key="k", given_name="Ada").customer.given_name == "Ada"
    assert sdk.customers.search(count=True).count == 13


def test_a_failure_can_be_narrowed_to_one_kind_of_call(practice: PracticeServer, sdk: Square) -> None:
    practice.control.set_faults(fail_next=1, fail_only="POST /v2/payments")
    assert statuses(sdk, 2) == [200, 200]
    assert practice.control.faults()["fail_next"] == 1


def test_slow_answers_wait_that_long(serve: Callable[..., PracticeServer]) -> None:
    waited: list[float] = []
    practice = serve(pause=waited.append)
    practice.control.set_faults(slow_s=7)
    httpx.get(practice.base_url + "/v2/locations")
    assert waited == [7]


def test_an_order_comes_without_its_lines_at_first(practice: PracticeServer, sdk: Square) -> None:
    practice.control.set_faults(hidden_line_reads=2)
    order = practice.control.sell([{"name": "A", "amount": 500}])["order"]
    reads = [sdk.orders.get(order["id"]).order.line_items for _ in range(3)]
    assert [bool(lines) for lines in reads] == [False, False, True]


def test_an_empty_page_goes_on(practice: PracticeServer, sdk: Square) -> None:
    practice.control.set_faults(has_empty_pages=True)
    assert len(list(sdk.customers.list(limit=5))) < 12, "the SDK's own pager stops at an empty page"
    page = sdk.customers.search(limit=5)
    assert page.customers is None
    many = 0
    while page.cursor:
        page = sdk.customers.search(limit=5, cursor=page.cursor)
        many += len(page.customers or [])
    assert many == 12


def test_an_expired_token_is_told_as_such(practice: PracticeServer, sdk: Square) -> None:
    practice.control.set_faults(is_token_expired=True)
    with pytest.raises(ApiError) as caught:
        sdk.locations.list(request_options=ONCE)
    assert (caught.value.status_code, caught.value.errors[0].code) == (401, "ACCESS_TOKEN_EXPIRED")
    practice.control.set_faults()
    assert statuses(sdk, 1) == [200]


def test_a_card_sale_without_a_client_makes_a_profile_that_says_nothing(practice: PracticeServer) -> None:
    """B8."""
    practice.control.set_faults(makes_instant_profiles=True)
    ana = practice.control.add_customer(given_name="Ana")
    line = [{"name": "A", "amount": 500}]
    sold = practice.control.sell(line, tenders=[{"type": "card", "amount": 300}, {"type": "cash"}])
    by_card, by_cash = (payment.get("customer_id") for payment in sold["payments"])
    assert by_cash is None
    headers = {"Authorization": f"Bearer {practice.practice.settings.access_token}"}
    profile = httpx.get(f"{practice.base_url}/v2/customers/{by_card}", headers=headers).json()["customer"]
    assert profile["creation_source"] == "INSTANT_PROFILE"
    assert not {"given_name", "family_name", "phone_number", "email_address"} & set(profile)
    assert practice.control.sell(line, customer_id=ana["id"])["payments"][0]["customer_id"] == ana["id"]


def test_offline_sales_come_with_an_older_time(practice: PracticeServer) -> None:
    practice.control.set_faults(offline_hours=71)
    order = practice.control.sell([{"name": "A", "amount": 500}])["order"]
    assert order["created_at"] < order["updated_at"]


@pytest.mark.parametrize(
    "faults", [{"fail_how": "loudly"}, {"slow_s": -1}, {"slow_s": "3"}, {"offline_hours": 73}, {"unknown": 1}]
)
def test_it_refuses_a_fault_it_does_not_know(practice: PracticeServer, faults: dict[str, Any]) -> None:
    with pytest.raises(ControlRefused):
        practice.control.set_faults(**faults)


def test_the_till_goes_on_while_the_interface_fails(practice: PracticeServer) -> None:
    practice.control.set_faults(fail_next=5, is_token_expired=True)
    assert practice.control.sell([{"name": "A", "amount": 500}])["order"]["state"] == "COMPLETED"


PATHS = ("/v2/customers/C1", "/v2/customers", "/v2/customers/C1", "/v2/customers/C1", "/v2/customers/C1")


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ({"call": "GET /v2/customers/{id}"}, [500, 200, 404, 404, 404]),
        ({"call": "GET /v2/customers"}, [404, 500, 404, 404, 404]),
        ({"call": "GET /v2/customers/C1", "times": 2}, [500, 200, 500, 404, 404]),
        ({"call": "GET /v2/customers/{id}", "skip": 2}, [404, 200, 404, 500, 404]),
        ({"call": "POST /v2/customers/{id}"}, [404, 200, 404, 404, 404]),
        ({"call": "GET /v2/customers/{id}/groups"}, [404, 200, 404, 404, 404]),
    ],
)
def test_a_plan_names_single_calls(still: Counter, step: dict[str, Any], told: list[int]) -> None:
    still.call("PUT", "/practice/faults", {"fail_plan": [{"how": "500", **step}]})
    headers = {"Authorization": "Bearer t"}
    assert [still.client.get(path, headers=headers).status_code for path in PATHS] == told


@pytest.mark.parametrize("after", [False, True])
def test_a_planned_failure_comes_before_or_after_the_work(still: Counter, after: bool) -> None:
    step = {"call": "POST /v2/customers", "how": "503", "after": after}
    still.call("PUT", "/practice/faults", {"fail_plan": [step]})
    before = len(still.events())
    assert still.refused("POST", "/v2/customers", {"given_name": "Ada"}) == (503, "SERVICE_UNAVAILABLE")
    assert still.events(before) == (["customer.created"] if after else [])
    assert still.call("GET", "/practice/faults")["fail_plan"][0]["times"] == 0


@pytest.mark.parametrize("plan", [None, {}, [{"call": "GET /"}], [{"call": "GET /", "how": "loudly"}]])
def test_it_refuses_a_plan_it_does_not_understand(still: Counter, plan: Any) -> None:
    assert still.refused("PUT", "/practice/faults", {"fail_plan": plan})[0] == 400
