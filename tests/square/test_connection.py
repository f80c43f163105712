"""Connecting to Square by OAuth: each way works once, tokens are sealed, renewed in time, and end when they should."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from plugin.courses.attention.items import list_attention
from plugin.courses.base.inbox import claim
from plugin.courses.base.outbox import Job
from plugin.courses.base.views import AttentionView
from plugin.courses.base.work import Work
from plugin.courses.square_health import connection_in, note_failing, square_away, square_state
from plugin.errors import Refused, SquareFailed
from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.square.connection.authorize import Answer, disconnect, finish, why_not
from plugin.square.connection.check import (
    SCOPES,
    check_connection,
    maintain_connection,
    missing,
    reseal,
    wanted,
)
from plugin.square.connection.tokens import alarm, enqueue_refresh, handle_refusal, refresh
from plugin.square.events import handle
from plugin.square.events.connection import handle_authorization_revoked
from plugin.square.events.effects import write_effects
from plugin.square.sync.requested import ask_for_sweep, is_asked
from plugin.store import Store
from plugin.store.square_side import OAuthAttempt
from plugin.worker import Worker
from practice_square.serving import PracticeServer
from tests.clock import HandMovedClock
from tests.courses.racing import race
from tests.square.clinic import Ear, Silence, house_of, keep, settings_for
from tests.square.connecting import BY_PKCE, BY_SECRET, SECRETS, Connecting, connecting

BUSINESS = "Juniper Facial Acupuncture"
OWED = Job("1", "refresh_token", "connection", {}, 1)
Open = Callable[..., Connecting]


@pytest.fixture
def opened(practice: PracticeServer, ear: Ear, sqlite_url: str, clock: HandMovedClock) -> Iterator[Open]:
    with ExitStack() as stack:

        def open_(settings: dict[str, str]) -> Connecting:
            store = stack.enter_context(Store(sqlite_url))
            found = connecting(practice.base_url, ear.url, store, practice.control, clock, **settings)
            stack.callback(found.services.close)
            return found

        yield open_


@pytest.fixture
def desk(opened: Open) -> Connecting:
    return opened(BY_SECRET)


def _attention(services: Services) -> list[AttentionView]:
    return list(list_attention(services.store).rows)


def _everything_kept(services: Services) -> str:
    with services.store.reading() as session:
        rows = [*session.execute(text("SELECT * FROM connection"))]
        rows += session.execute(text("SELECT * FROM oauth_attempt")).all()
    return repr(rows)


def test_it_connects_with_the_applications_secret(desk: Connecting) -> None:
    asked = desk.go_to_square()
    assert asked["scope"].split() == [scope.name for scope in SCOPES]
    assert asked["redirect_uri"] == "http://127.0.0.1:8000/square/connected"
    assert "code_challenge" not in asked
    assert finish(desk.services, desk.act(), desk.allow(asked)) == BUSINESS
    known = desk.known()
    assert (known.connected_by, known.connected_at, known.problem) == ("Olga Ruiz", desk.clock(), "")
    assert known.expires_at == desk.clock() + timedelta(days=30)
    assert missing(known.scopes) == ()
    assert [one["is_active"] for one in known.locations] == [True]
    assert desk.services.square.locations()


def test_it_connects_by_pkce_where_there_is_no_secret(opened: Open) -> None:
    desk = opened(BY_PKCE)
    asked = desk.go_to_square()
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) >= 43
    assert finish(desk.services, desk.act(), desk.allow(asked)) == BUSINESS
    assert desk.known().refresh_expires_at == desk.clock() + timedelta(days=90)


def test_another_verifier_is_not_taken(opened: Open) -> None:
    desk = opened(BY_PKCE)
    first, second = desk.go_to_square(), desk.go_to_square()
    stolen = desk.allow(first)
    with pytest.raises(Refused, match="refused the code"):
        finish(desk.services, desk.act(), Answer(second["state"], stolen.code))
    assert not desk.known().has_permission


def test_nothing_secret_is_kept_plain_or_said(desk: Connecting) -> None:
    asked = desk.go_to_square()
    assert asked["state"] not in _everything_kept(desk.services)
    finish(desk.services, desk.act(), desk.allow(asked))
    kept = _everything_kept(desk.services)
    for secret in (*desk.tokens(), *SECRETS):
        assert secret not in kept


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("forged", "unknown or was used before"),
        ("replayed", "unknown or was used before"),
        ("late", "longer than ten minutes"),
        ("somebody else", "Another user began"),
        ("denied", "was not given in Square"),
        ("without a code", "was not given in Square"),
    ],
)
def test_a_way_back_that_is_not_this_persons_own_is_refused(desk: Connecting, how: str, says: str) -> None:
    asked = desk.go_to_square()
    answer, actor = desk.allow(asked), desk.olga
    if how == "forged":
        answer = Answer("x" + answer.state, answer.code)
    elif how == "replayed":
        with pytest.raises(Refused):
            finish(desk.services, desk.act(), Answer(asked["state"], error="access_denied"))
    elif how == "late":
        desk.clock.advance(minutes=10, seconds=1)
    elif how == "somebody else":
        actor = desk.hire("oscar@example.org")
    else:
        answer = Answer(asked["state"], error="access_denied" if how == "denied" else "")
    with pytest.raises(Refused, match=says):
        finish(desk.services, desk.act(actor), answer)
    assert not desk.known().has_permission


def test_ten_minutes_are_not_too_long(desk: Connecting) -> None:
    asked = desk.go_to_square()
    desk.clock.advance(minutes=10)
    assert finish(desk.services, desk.act(), desk.allow(asked)) == BUSINESS


def test_a_wrong_application_secret_is_told_without_telling_it(opened: Open) -> None:
    desk = opened(BY_SECRET | {"SQUARE_APPLICATION_SECRET": "sq0csp-wrong"})
    with pytest.raises(Refused, match="Compare application ID and secret") as refused:
        desk.connect()
    assert "sq0csp" not in refused.value.message


def test_a_square_that_does_not_answer_leaves_all_as_it_was(desk: Connecting) -> None:
    desk.line.is_losing = True
    with pytest.raises(Refused, match=r"Square did not answer in time\. Begin again"):
        desk.connect()
    assert not desk.known().has_permission


def test_another_business_is_not_connected_to_this_clinics_courses(desk: Connecting) -> None:
    desk.connect()
    before = desk.tokens()

    def become_another(session: Session) -> None:
        connection_in(session).square_merchant_id = "MLSOMEBODYELSE"

    desk.services.store.transact(become_another)
    with pytest.raises(Refused, match="another Square business"):
        desk.connect()
    assert desk.tokens() == before


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (BY_SECRET | {"SQUARE_ACCESS_TOKEN": "EAAA"}, "takes precedence"),
        (BY_SECRET | {"SQUARE_APPLICATION_ID": ""}, "an application ID"),
        (BY_SECRET | {"ENCRYPTION_KEYS": ""}, "ENCRYPTION_KEYS is missing"),
        (BY_SECRET | {"SQUARE_ENVIRONMENT": "production"}, "https"),
        (BY_SECRET, ""),
    ],
)
def test_it_says_what_is_missing_for_connecting(
    lite_store: Store, clock: HandMovedClock, settings: dict[str, str], says: str
) -> None:
    services = house_of(settings_for("http://127.0.0.1:9", **settings), lite_store, clock)
    services.close()
    assert says in why_not(services)
    assert bool(why_not(services)) is bool(says)


@pytest.mark.parametrize(
    "scopes", [wanted().replace("DISPUTES_READ", ""), "MERCHANT_PROFILE_READ", "ORDERS_READ"]
)
def test_missing_permissions_are_known_with_what_they_cost(desk: Connecting, scopes: str) -> None:
    desk.connect(scopes)
    lost = missing(desk.known().scopes)
    assert {scope.name for scope in lost} == {scope.name for scope in SCOPES} - set(scopes.split())
    assert all(scope.loss for scope in lost)


@pytest.mark.parametrize("settings", [BY_SECRET, BY_PKCE])
def test_a_permission_is_renewed_after_seven_days_and_not_before(
    opened: Open, settings: dict[str, str]
) -> None:
    desk = opened(settings)
    desk.connect()
    first = desk.tokens()
    desk.clock.advance(days=7, seconds=-1)
    assert enqueue_refresh(desk.services) is False
    assert refresh(desk.services, OWED) == "The permission is not due for renewal, or gone."
    desk.clock.advance(seconds=1)
    assert [enqueue_refresh(desk.services), enqueue_refresh(desk.services)] == [True, False]
    worker = Worker(desk.services, log=Silence())
    assert (worker.run_next("effects"), worker.run_next("effects")) == (True, False)
    second = desk.tokens()
    assert second[0] != first[0]
    assert (second[1] == first[1]) is bool(settings["SQUARE_APPLICATION_SECRET"])
    assert desk.known().expires_at == desk.clock() + timedelta(days=30)
    assert desk.services.square.locations()
    assert enqueue_refresh(desk.services) is False


def test_eight_workers_that_look_at_once_owe_one_renewal(store: Store, clock: HandMovedClock) -> None:
    services = house_of(settings_for("http://127.0.0.1:9", **BY_SECRET), store, clock)
    services.close()
    assert set(race(lambda number: note_failing(store, f"square_{number}", clock()))) == {None}

    def connect(session: Session) -> None:
        row = connection_in(session)
        row.access_token_sealed = row.refresh_token_sealed = "x"
        row.refreshed_at = clock()

    store.transact(connect)
    clock.advance(days=7)
    assert sorted(race(lambda _number: enqueue_refresh(services))) == [False] * 7 + [True]


def test_a_lost_answer_is_asked_for_again(desk: Connecting) -> None:
    desk.connect()
    desk.clock.advance(days=7)
    desk.line.is_losing = True
    with pytest.raises(SquareFailed) as failed:
        refresh(desk.services, OWED)
    assert failed.value.permanent is False
    desk.line.is_losing = False
    assert refresh(desk.services, OWED) == "The permission was renewed."


def test_a_lost_answer_that_held_a_single_use_token_is_told_while_there_is_time(opened: Open) -> None:
    desk = opened(BY_PKCE)
    desk.connect()
    desk.clock.advance(days=7)
    desk.line.is_losing = True
    with pytest.raises(SquareFailed):
        refresh(desk.services, OWED)
    desk.line.is_losing = False
    assert isinstance(refresh(desk.services, OWED), RunAgain)
    assert "Connect again before it expires" in desk.known().problem
    [item] = _attention(desk.services)
    assert item.kind == "square_connection"
    assert "It expires on 2026-12-22." in item.summary
    # The desk uses the token it has until then.
    assert desk.services.square.locations()
    desk.connect()
    assert (_attention(desk.services), desk.known().problem) == ([], "")


@pytest.mark.parametrize("settings", [BY_SECRET, BY_PKCE])
def test_of_two_workers_that_renew_at_once_one_wins_and_nothing_is_told(
    opened: Open, settings: dict[str, str]
) -> None:
    desk = opened(settings)
    desk.connect()
    desk.clock.advance(days=7)
    won: list[tuple[str, str]] = []

    def another_worker() -> None:
        desk.connect()
        won.append(desk.tokens())

    desk.line.meanwhile = another_worker
    assert refresh(desk.services, OWED) == "The permission was changed in the meantime."
    assert [desk.tokens()] == won
    assert _attention(desk.services) == []


def test_the_slower_of_two_is_refused_its_used_token_and_says_nothing(opened: Open) -> None:
    desk = opened(BY_PKCE)
    desk.connect()
    desk.clock.advance(days=7)
    slow = house_of(desk.services.settings, desk.services.store, desk.clock)
    asked = slow.vault.open(desk.known().refresh_token_sealed or "")
    used = desk.known()
    assert refresh(desk.services, OWED) == "The permission was renewed."
    with pytest.raises(SquareFailed):
        slow.square.obtain_token(
            client_id=slow.settings.square_application_id, grant_type="refresh_token", refresh_token=asked
        )
    slow.close()
    assert handle_refusal(desk.services, used, "refused") == "The permission was changed in the meantime."
    assert (desk.known().problem, _attention(desk.services)) == ("", [])


def test_an_alarm_goes_at_eight_days_and_goes_away_by_itself(desk: Connecting) -> None:
    desk.connect()
    desk.clock.advance(days=8, seconds=-1)
    alarm(desk.services)
    assert _attention(desk.services) == []
    desk.clock.advance(seconds=1)
    alarm(desk.services)
    alarm(desk.services)
    [item] = _attention(desk.services)
    assert item.summary.startswith("Square’s permission could not be renewed. It expires on 2026-12-22.")
    assert refresh(desk.services, OWED) == "The permission was renewed."
    assert _attention(desk.services) == []


def _hear(desk: Connecting) -> str:
    """Handle a revocation as the webhook would report it."""
    event = {"event_id": desk.services.store.new_id(), "type": "oauth.authorization.revoked"}
    keep(desk.services, event | {"data": {"type": "revocation", "id": "1", "object": {"revocation": {}}}})
    claimed = claim(desk.services.store, desk.clock())
    assert claimed is not None
    return handle(desk.services, claimed)


def test_a_revocation_ends_it_and_tells_the_people(desk: Connecting) -> None:
    desk.connect()
    desk.till.revoke_access()
    assert _hear(desk) == "The permission was revoked in Square."
    known = desk.known()
    assert (known.has_permission, known.refresh_token_sealed) == (False, None)
    assert known.problem.startswith("The permission was revoked in Square.")
    [item] = _attention(desk.services)
    assert "Sessions can be used as always" in item.summary
    assert enqueue_refresh(desk.services) is False
    desk.connect()
    assert (_attention(desk.services), desk.known().problem) == ([], "")


def test_a_late_revocation_of_an_earlier_permission_ends_nothing(desk: Connecting) -> None:
    assert _hear(desk) == "No permission by OAuth is in use."
    desk.connect()
    desk.till.revoke_access()
    desk.connect()
    assert _hear(desk) == "It is about an earlier permission; the one in use is valid."
    assert desk.known().has_permission


def test_connecting_anew_while_a_revocation_is_looked_at_stands(desk: Connecting) -> None:
    desk.connect()
    desk.till.revoke_access()
    found = handle_authorization_revoked(desk.services, {})
    desk.connect()
    act, store = desk.act(), desk.services.store
    assert (
        store.transact(lambda session: write_effects(Work(session, store, act), found))
        == "Connected again in the meantime."
    )
    assert desk.known().has_permission


def test_keys_are_changed_while_in_use(opened: Open) -> None:
    desk = opened(BY_SECRET)
    desk.connect()
    tokens = desk.tokens()
    new = Fernet.generate_key().decode()
    both = opened(BY_SECRET | {"ENCRYPTION_KEYS": f"{new},{BY_SECRET['ENCRYPTION_KEYS']}"})
    assert (reseal(both.services), reseal(both.services)) == (2, 0)
    alone = opened(BY_SECRET | {"ENCRYPTION_KEYS": new})
    assert alone.tokens() == tokens
    assert alone.services.square.locations()


def test_a_key_that_is_gone_keeps_work_waiting_and_says_so(opened: Open) -> None:
    opened(BY_SECRET).connect()
    keyless = opened(BY_SECRET | {"ENCRYPTION_KEYS": Fernet.generate_key().decode()})
    with pytest.raises(SquareFailed, match="Put the old key back") as failed:
        keyless.services.square.locations()
    assert (failed.value.code, failed.value.permanent) == ("square_sign_in", False)
    assert reseal(keyless.services) == 0
    keyless.clock.advance(days=7)
    assert isinstance(refresh(keyless.services, OWED), RunAgain)
    assert "ENCRYPTION_KEYS" in keyless.known().problem


def test_disconnecting_gives_the_permission_back_to_square(desk: Connecting) -> None:
    desk.connect()
    token, _ = desk.tokens()
    assert disconnect(desk.services, desk.act()) == "Disconnected. The permission was revoked in Square."
    assert not desk.known().has_permission
    with pytest.raises(SquareFailed, match="no access token"):
        desk.services.square.locations()
    kept = settings_for(desk.services.settings.square_address, SQUARE_ACCESS_TOKEN=token)
    stolen = house_of(kept, desk.services.store, desk.clock)
    with pytest.raises(SquareFailed, match="revoked"):
        stolen.square.locations()
    stolen.close()
    assert disconnect(desk.services, desk.act()) == "Nothing was connected."


def test_disconnecting_waits_for_a_square_that_is_away(desk: Connecting) -> None:
    desk.connect()
    desk.till.set_faults(fail_every=1, fail_how="503")
    with pytest.raises(Refused, match="still valid"):
        disconnect(desk.services, desk.act())
    assert desk.known().has_permission
    desk.till.set_faults()
    assert disconnect(desk.services, desk.act()).startswith("Disconnected.")


@pytest.mark.parametrize("is_revoked", [False, True])
def test_disconnecting_without_a_secret_or_after_a_revocation_says_where_to_look(
    opened: Open, is_revoked: bool
) -> None:
    desk = opened(BY_SECRET if is_revoked else BY_PKCE)
    desk.connect()
    if is_revoked:
        desk.services = house_of(
            settings_for(
                desk.services.settings.square_address, **BY_SECRET | {"SQUARE_APPLICATION_SECRET": "other"}
            ),
            desk.services.store,
            desk.clock,
        )
    assert "App integrations" in disconnect(desk.services, desk.act())
    desk.services.close()
    assert not desk.known().has_permission


def test_it_is_noticed_since_when_square_is_away_and_that_it_is_back(desk: Connecting) -> None:
    desk.connect()
    desk.till.set_faults(fail_every=1, fail_how="503")
    began = desk.clock.advance(minutes=15)
    for seconds, is_told in ((0, False), (29, False), (1, True)):
        desk.clock.advance(seconds=seconds)
        maintain_connection(desk.services)
        assert (square_away(desk.services.store, desk.clock()) is not None) is is_told
    desk.clock.advance(hours=1)
    away = square_state(desk.services.store, desk.clock()).away
    assert away is not None
    assert (away.since, away.is_shut) == (began, False)
    desk.till.set_faults()
    maintain_connection(desk.services)
    assert square_state(desk.services.store, desk.clock()).away is None


def test_being_shut_out_is_told_and_the_question_goes_when_square_lets_us_in(desk: Connecting) -> None:
    desk.connect()
    desk.clock.advance(minutes=15)
    desk.till.set_faults(is_token_expired=True)
    maintain_connection(desk.services)
    desk.clock.advance(minutes=1)
    maintain_connection(desk.services)
    away = square_away(desk.services.store, desk.clock())
    assert away is not None
    assert away.is_shut
    [item] = _attention(desk.services)
    assert item.summary.startswith("Square does not accept Coursekeeper’s access token")
    desk.till.set_faults(is_token_expired=False)
    maintain_connection(desk.services)
    assert _attention(desk.services) == []
    [answered] = list_attention(desk.services.store, resolved=True).rows
    assert answered.answer == "Square is connected again. What was waiting is processed automatically."


def test_upkeep_asks_square_every_quarter_of_an_hour_and_forgets_old_ways(desk: Connecting) -> None:
    maintain_connection(desk.services)
    assert desk.known().checked_at is None
    desk.connect()
    first = desk.known().checked_at
    desk.go_to_square()
    desk.clock.advance(minutes=15, seconds=-1)
    maintain_connection(desk.services)
    assert desk.known().checked_at == first
    desk.clock.advance(seconds=1)
    maintain_connection(desk.services)
    assert desk.known().checked_at == desk.clock()
    with desk.services.store.reading() as session:
        assert session.scalars(select(OAuthAttempt)).all() == []


def test_a_server_that_tells_no_scopes_is_not_said_to_lack_any(opened: Open) -> None:
    desk = opened(BY_SECRET | {"SQUARE_ACCESS_TOKEN": "practice-access-token"})
    check_connection(desk.services)
    assert missing(desk.known().scopes) == ()
    assert missing(()) == ()


def test_a_sweep_that_is_asked_for_twice_is_done_once(opened: Open) -> None:
    desk = opened(BY_SECRET)
    desk.connect()
    for _ in range(2):
        ask_for_sweep(desk.services, desk.act())
    assert is_asked(desk.services.store)
    worker = Worker(desk.services, log=Silence())
    assert (worker.run_next("sync"), worker.run_next("sync"), is_asked(desk.services.store)) == (
        True,
        False,
        False,
    )
    swept = square_state(desk.services.store, desk.clock()).sweep
    assert swept is not None
    assert (swept.error, swept.finished_at) == ("", desk.clock())


def test_a_sweep_asked_for_while_square_is_away_says_so(desk: Connecting) -> None:
    desk.connect()
    ask_for_sweep(desk.services, desk.act())
    desk.till.set_faults(fail_every=1, fail_how="503")
    assert Worker(desk.services, log=Silence()).run_next("sync")
    desk.till.set_faults()
    swept = square_state(desk.services.store, desk.clock()).sweep
    assert swept is not None
    assert "internal error" in swept.error
    assert not is_asked(desk.services.store)
