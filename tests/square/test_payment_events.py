"""How many statements the worker sends for the two payment events of one sale; the second one finds it booked."""

from tests.budgets.counting import counted
from tests.square.clinic import Clinic

BOTH = 55


def test_the_payment_events_of_a_sale_of_two_packages(clinic: Clinic) -> None:
    names = {"given_name": "Ana", "family_name": "López"}
    ana = clinic.till.add_customer(**names, email_address="ana@example.org", phone_number="+14155550123")
    clinic.catch_up()
    clinic.sell("ten", "twelve", customer_id=ana["id"])
    clinic.hear()
    assert [kind for kind, state, _ in clinic.messages() if state == "pending"] == [
        "payment.created",
        "payment.updated",
    ]
    worker = clinic.worker()
    with counted(clinic.services.store.engine) as sent:
        assert worker.run_next("inbox")
        assert worker.run_next("inbox")
    assert [outcome for *_, outcome in clinic.messages()[-2:]] == [
        "Opened 2 courses.",
        "Its courses are already open.",
    ]
    assert len(sent) <= BOTH, "\n".join(f"{n} {each.sql}" for n, each in enumerate(sent, 1))
