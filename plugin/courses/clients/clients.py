"""Clients: created by staff or by their first sale, found by any part of a name, a phone or an e-mail."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any, Unpack

import phonenumbers
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Row,
    Select,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from plugin.core.acts import Role
from plugin.core.course import CourseState, balance_of
from plugin.core.text import clean, digits, folded, paragraphs
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.course_extras import CLIENT_IDS
from plugin.courses.base.state import prepared_states, states_of
from plugin.courses.base.views import ClientView, FoundClient, NextUse, Page, from_row
from plugin.courses.base.work import Work, allowed, reading
from plugin.courses.clients.contacts import Contact, TypedContact, typed_contact
from plugin.courses.clients.profile_notes import enqueue_customer, fields_on_their_way_in
from plugin.errors import InvalidField, NotFound, Refused
from plugin.store import Store
from plugin.store.base import UtcTime
from plugin.store.database import write
from plugin.store.listing import FEWEST as FEWEST_DIGITS
from plugin.store.listing import MOST as MOST_DIGITS
from plugin.store.prepared import Prepared, prepared_insert
from plugin.store.tables import IS_LIVING_PROFILE, Client, ClientDigits, Course, SquareCustomer
from plugin.wording import N_, _

_MANY_MERGES = 20
LONGEST_SEARCH = 200
# As many lines as an invoice has room for.
MOST_ADDRESS_LINES, LONGEST_ADDRESS = 4, 400
_LAST_CHARACTER = "\U0010ffff"
IS_SOMEBODY = (Client.merged_into.is_(None), Client.erased_at.is_(None))


@allowed(Role.DESK, Role.PRACTITIONER)
def create_client(work: Work, **typed: Unpack[TypedContact]) -> ClientView:
    """Create a client; raises InvalidField. The same act again returns the same client."""
    made = work.once("client", _request(typed), lambda: _created(work, typed))
    return client_in(work.session, made.answer["client_id"])


def _request(typed: TypedContact) -> dict[str, Any]:
    return {name: typed.get(name) for name in TypedContact.__annotations__}


def _created(work: Work, typed: TypedContact) -> dict[str, Any]:
    client = new_client(work, **typed)
    record_in(work, Did.CLIENT_CREATED, name=client.name, client_id=client.id)
    return {"client_id": client.id}


def new_client(work: Work, **typed: Unpack[TypedContact]) -> ClientView:
    """Check what was typed, store the client and enqueue their Square profile; raises InvalidField."""
    client_id = add_client(work, typed_contact(clinic_in(work.session).country, **typed))
    enqueue_customer(work, client_id)
    return client_in(work.session, client_id)


@allowed(Role.DESK, Role.PRACTITIONER)
def change_client(
    work: Work,
    client_id: str,
    *,
    postal_address: str | None = None,
    wants_mail: bool | None = None,
    large_print: bool | None = None,
    **typed: Unpack[TypedContact],
) -> ClientView:
    """Change a client's details, here at once and in Square's directory by a job; raises InvalidField.

    How their name sounds, their postal address, and whether they want e-mails and large print, do not change unless
    they are given.
    """

    def write(work: Work, client: Client) -> dict[str, Any]:
        sounds_like = typed.get("sounds_like")
        kept: TypedContact = {
            **typed,
            "language": typed.get("language") or client.language,
            "sounds_like": client.sounds_like if sounds_like is None else sounds_like,
        }
        contact = typed_contact(clinic_in(work.session).country, **kept)
        before = _in_words(client)
        if postal_address is not None:
            client.postal_address = _typed_address(postal_address)
        client.wants_mail = client.wants_mail if wants_mail is None else wants_mail
        client.large_print = client.large_print if large_print is None else large_print
        _write_contact(work, client, contact)
        after = _in_words(client)
        if after != before:
            record_in(
                work, Did.CLIENT_CHANGED, name=client.name, client_id=client.id, before=before, after=after
            )
        return {"client_id": client.id}

    request = {
        "client_id": client_id,
        "wants_mail": wants_mail,
        **({} if large_print is None else {"large_print": large_print}),
        **({} if postal_address is None else {"postal_address": postal_address}),
        **_request(typed),
    }
    client = known_client_in(work.session, client_id)
    work.once("change_client", request, lambda: write(work, client))
    return view_of(work.session, client)


def _typed_address(typed: str) -> str:
    text = paragraphs(typed, field="postal_address", called=_("The address"), most=LONGEST_ADDRESS)
    lines = [line for line in text.splitlines() if line]
    if len(lines) > MOST_ADDRESS_LINES:
        raise InvalidField(
            _("An address has at most {n} lines.", n=MOST_ADDRESS_LINES), field="postal_address"
        )
    return "\n".join(lines)


def _in_words(client: Client) -> str:
    said = {
        N_("Name"): client.name,
        N_("Phone"): client.phone,
        N_("Email"): client.email,
        N_("Language"): client.language,
        N_("Sounds like"): client.sounds_like,
        N_("Address"): ", ".join(client.postal_address.splitlines()),
        N_("Emails"): _ON if client.wants_mail else _OFF,
        N_("Large print"): _ON if client.large_print else _OFF,
    }
    # Stored in English, whoever wrote it.
    return "\n".join(f"{name[:]}: {(text or '')[:]}" for name, text in said.items())


_ON, _OFF = N_("on"), N_("off")


def _write_contact(work: Work, client: Client, contact: Contact) -> None:
    changed = [name for name in ("name", "phone", "email") if getattr(client, name) != getattr(contact, name)]
    client.name, client.phone, client.email = contact.name, contact.phone, contact.email
    client.language, client.sounds_like = contact.language, contact.sounds_like
    if "email" in changed:
        # The bounced e-mail was sent to the address before.
        client.mail_problem = ""
    index_client(client)
    if changed and view_of(work.session, client).square_customer_id is not None:
        enqueue_customer(work, client.id, *changed)
    work.session.flush()


@allowed(Role.DESK, Role.PRACTITIONER)
def put_into_square(work: Work, client_id: str) -> ClientView:
    """Enqueue a client's creation in Square's directory, or retry what was refused there."""
    client = known_client_in(work.session, client_id)
    refused = fields_on_their_way_in(work.session, client.id)
    enqueue_customer(work, client.id, *refused)
    return view_of(work.session, client)


def index_client(client: Client) -> None:
    """Set the columns by which the client is sorted and found from the others."""
    contact = Contact(client.name, client.phone, client.email, client.language, client.sounds_like)
    client.name_folded, client.search_text = contact.name_folded, contact.search_text


def add_client(work: Work, contact: Contact) -> str:
    """Write a new client and return its id."""
    client_id = work.new_id()
    write(work.session, _NEW_CLIENT, {"id": client_id, **contact.columns(), "created_at": work.now})
    return client_id


_NEW_CLIENT = prepared_insert(Client)


def living_client_id(store: Store, client_id: str) -> str:
    """Return the id of the client, or of the one it was merged into; raises NotFound."""

    def read(asked_id: str) -> Any:
        return next(iter(store.rows(_MERGED, {"client_id": asked_id})), None)

    living: str = _living(read, client_id).id
    return living


_MERGED = Prepared(select(Client.id, Client.merged_into).where(Client.id == bindparam("client_id")))
_NO_CLIENT = N_("There is no such client.")


def client_in(session: Session, client_id: str) -> ClientView:
    """Return the client; for a merged one, the client it was merged into. Raises NotFound."""
    session.flush()
    row = _CLIENT.first(session.connection(), {"client_id": client_id})
    if row is None or row.merged_into is not None:
        return view_of(session, living_client_in(session, client_id))
    return _view(row, row.square_customer_id)


read_client = reading(client_in)


_CLIENT = Prepared(
    select(
        Client.__table__,
        select(SquareCustomer.square_customer_id)
        .where(SquareCustomer.client_id == Client.id, *IS_LIVING_PROFILE)
        .order_by(SquareCustomer.seen_at.desc())
        .limit(1)
        .scalar_subquery()
        .label("square_customer_id"),
    ).where(Client.id == bindparam("client_id"))
)


def living_client_in(session: Session, client_id: str) -> Client:
    """Return the row, followed through merges; raises NotFound."""
    living: Client = _living(lambda asked_id: session.get(Client, asked_id), client_id)
    return living


def _living(read: Callable[[str], Any], client_id: str) -> Any:
    """Follow merges from one client to the next; `read` returns what is read of a client, None for nobody."""
    client = read(client_id)
    for _other in range(_MANY_MERGES):
        if client is None or client.merged_into is None:
            break
        client = read(client.merged_into)
    if client is None:
        raise NotFound(_NO_CLIENT)
    return client


def with_merged(client_id: str | BindParameter[str]) -> Select[str]:
    """Return the query for the ids of a client and of those merged into them."""
    ids = select(Client.id).where(or_(Client.id == client_id, Client.merged_into == client_id))
    # Not of the client that a query around it reads.
    return ids.correlate(None)


def known_client_in(session: Session, client_id: str) -> Client:
    """Return the row of a client who may be changed; raises Refused if their data was erased, or NotFound."""
    client = living_client_in(session, client_id)
    if client.erased_at is not None:
        raise Refused(_("The data of this client was deleted. Create a new client."), code="erased")
    return client


def lock_client_in(session: Session, client_id: str) -> Client:
    """Return the client as `known_client_in` does, locked, so that what is said of them is written in turn."""
    client = known_client_in(session, client_id)
    session.execute(select(Client.id).where(Client.id == client.id).with_for_update(key_share=True))
    return client


def view_of(session: Session, client: Client) -> ClientView:
    """Return the view of the row, with its current Square customer id."""
    return _view(client, _square_ids(session, [client.id]).get(client.id))


def find_clients(
    store: Store, q: str, *, today: date, limit: int = 20, cursor: str | None = None
) -> Page[FoundClient]:
    """Find clients whose name, e-mail or phone contains every word of `q`.

    Names that start with it are first.
    """
    q = clean(q[:LONGEST_SEARCH])
    begins = folded(q)
    rank = case((Client.name_folded.startswith(begins, autoescape=True), 0), else_=1)
    by_name = (Client.name_folded, Client.id)
    with store.reading() as session:
        dialed = _as_dialed(session, q)
        words = words_in(Client.search_text, q)
        of_number = _with_digits_of(session, _words_of(q))
        if dialed:
            # Few are both: what is typed may be the last digits, or the first ones with the zero before them.
            words = [or_(*words, Client.search_text.contains(f" {dialed}"))]
            begins_so = _with_digits_of(session, [dialed])
            of_number = None if of_number is None or begins_so is None else or_(of_number, begins_so)
        is_somebody = IS_SOMEBODY if of_number is None else (*IS_SOMEBODY_HERE, of_number)
        # Ids alone: an index has all that is asked for.
        ids = select(Client.id).where(*is_somebody, *words)

        def first_of(
            some: Select[str], *order: ColumnElement[Any] | InstrumentedAttribute[str], most: int = limit + 1
        ) -> list[Client]:
            chosen = some.order_by(*order).limit(most).subquery()
            query = select(Client).where(Client.id.in_(select(chosen.c.id)))
            return list(session.scalars(query.order_by(*order)))

        if cursor is not None:
            rows = first_of(ids.where(_after(session, rank, cursor)), rank, *by_name)
        elif of_number is not None or not store.is_sqlite:
            rows = first_of(ids, rank, *by_name)
        else:
            # One part of that index, as SQLite compares bytes, then all of it in its order, until the page is full.
            is_first = Client.name_folded.between(begins, begins + _LAST_CHARACTER)
            rows = first_of(ids.where(is_first), *by_name)
            if len(rows) <= limit:
                rows += first_of(ids.where(~is_first), *by_name, most=limit + 1 - len(rows))
        found = with_balances_in(session, rows[:limit], today)
        return Page(found, rows[limit - 1].id if len(rows) > limit else None)


def _as_dialed(session: Session, q: str) -> str | None:
    """Return how a stored number begins whose first digits were typed as they are dialed within the clinic's country.

    None for more than four digits, which `_words_of` reads so in any country, and where no zero is dialed first.
    """
    number = _number_of(q)
    if not (FEWEST_DIGITS <= len(number) <= _LAST_DIGITS and number.startswith("0")):
        return None
    country = clinic_in(session).country
    if phonenumbers.ndd_prefix_for_region(country, True) != "0":
        return None
    return f"{phonenumbers.country_code_for_region(country)}{number[1:]}"


def _with_digits_of(session: Session, words: list[str]) -> ColumnElement[bool] | None:
    """Return the condition that a client has the longest number of the words.

    None without one, or where too many have it.
    """
    numbers = _NUMBER.findall(" ".join(words))
    if not numbers:
        return None
    first = max(numbers, key=len)[:MOST_DIGITS]
    last = first.ljust(MOST_DIGITS, "9")
    if len(_HOLDERS.all(session.connection(), {"first": first, "last": last})) > _MANY_HOLDERS:
        return None
    return Client.id.in_(select(ClientDigits.client_id).where(ClientDigits.digits.between(first, last)))


def recent_clients(store: Store, *, today: date, limit: int = 20) -> tuple[FoundClient, ...]:
    """Return the clients with the latest courses, for an empty search."""
    with store.reading() as session:
        found = [*_BY_COURSE.all(session.connection(), {"limit": limit})]
        # Who has no course is rare among so many: only those who came later are asked for.
        since = found[-1].at if len(found) == limit else _ALWAYS
        found += _WITHOUT_COURSE.all(session.connection(), {"limit": limit, "since": since})
        found.sort(key=lambda row: row.id)
        found.sort(key=lambda row: row.at, reverse=True)
        return with_balances_in(session, found[:limit], today)


# For a query that has another index. Without the function SQLite would take that of `merged_into` instead, in which
# almost all clients are one value, and go through them.
IS_SOMEBODY_HERE = (func.coalesce(Client.merged_into, "") == "", Client.erased_at.is_(None))
_LATER = aliased(Course)
_IS_LATEST = ~exists().where(
    _LATER.client_id == Course.client_id,
    tuple_(_LATER.booked_at, _LATER.id) > tuple_(Course.booked_at, Course.id),
)
# A number that more clients have is found soon in the order of their names.
_MANY_HOLDERS = 1000
_NUMBER = re.compile(f"[0-9]{{{FEWEST_DIGITS},}}")
_HAS_DIGITS = select(ClientDigits.client_id).where(
    ClientDigits.digits.between(bindparam("first", type_=String), bindparam("last", type_=String))
)
_HOLDERS = Prepared(_HAS_DIGITS.limit(_MANY_HOLDERS + 1))
_ALWAYS = datetime.min.replace(tzinfo=UTC)
_BY_COURSE = Prepared(
    select(Client.__table__, Course.booked_at.label("at"))
    .join(Client, Client.id == Course.client_id)
    .where(*IS_SOMEBODY_HERE, _IS_LATEST)
    .order_by(Course.booked_at.desc(), Client.id)
    .limit(bindparam("limit", type_=Integer))
)
_WITHOUT_COURSE = Prepared(
    select(Client.__table__, Client.created_at.label("at"))
    .where(
        *IS_SOMEBODY_HERE,
        ~exists().where(Course.client_id == Client.id),
        Client.created_at >= bindparam("since", type_=UtcTime()),
    )
    .order_by(Client.created_at.desc(), Client.id)
    .limit(bindparam("limit", type_=Integer))
)


_LAST_DIGITS = 4


def words_in(kept: InstrumentedAttribute[str], q: str) -> list[ColumnElement[bool]]:
    """Return the condition that a person's search text has every word of `q`, or their phone its digits."""
    return [kept.contains(word, autoescape=True) for word in _words_of(q)]


def _number_of(q: str) -> str:
    return "" if "@" in q or any(ch.isalpha() for ch in q) else digits(q)


def _words_of(q: str) -> list[str]:
    number = _number_of(q)
    if len(number) >= FEWEST_DIGITS:
        # Numbers are stored with their country code, so without the zero that people dial before the area
        # code. Up to four are the last ones, and their zero counts.
        dialed = number.lstrip("0") if len(number) > _LAST_DIGITS else ""
        return [dialed or number]
    return folded(q).split()[:8]


def shares_contact(phone: str | None, email: str | None) -> list[ColumnElement[bool]]:
    """Return the conditions under which a client has this phone or this e-mail address; none without either."""
    shared: list[ColumnElement[bool]] = []
    if phone:
        shared.append(Client.phone == phone)
    if email:
        shared.append(func.lower(Client.email) == email.lower())
    return shared


# That a client has this name, and this phone or this e-mail address; its parameters are those of `namesake_of`.
IS_NAMESAKE = and_(
    Client.name_folded == bindparam("name_folded"),
    or_(Client.phone == bindparam("phone"), func.lower(Client.email) == bindparam("lower_email")),
)


def namesake_of(one: Contact | Client) -> dict[str, str | None]:
    """Return the parameters of `IS_NAMESAKE`; nobody is the namesake of one without phone and e-mail address."""
    email = one.email.lower() if one.email else None
    return {"name_folded": one.name_folded, "phone": one.phone or None, "lower_email": email}


def _after(session: Session, rank: ColumnElement[int], cursor: str) -> ColumnElement[bool]:
    last = session.get(Client, cursor)
    if last is None:
        raise NotFound(_("The list has changed; start it again."))
    last_rank = session.scalar(select(rank).where(Client.id == cursor))
    later = tuple_(Client.name_folded, Client.id) > tuple_(last.name_folded, last.id)
    return or_(rank > last_rank, and_(rank == last_rank, later))


def with_balances_in(
    session: Session, rows: Sequence[Client | Row[Any]], today: date
) -> tuple[FoundClient, ...]:
    """Return these clients with what each has left, for lists."""
    ids = [client.id for client in rows]
    square = _square_ids(session, ids)
    states = _states(session, ids, today)
    return tuple(
        FoundClient(
            _view(client, square.get(client.id)),
            balance_of(states.get(client.id, ())),
            _next_use(states.get(client.id, ())),
        )
        for client in rows
    )


def _next_use(states: Sequence[CourseState]) -> NextUse | None:
    usable = [each for each in states if each.is_usable]
    if len(usable) != 1:
        return None
    found = [each for each in usable[0].allowances if each.usable_now]
    return NextUse(usable[0].facts.id, next((each for each in found if each.kind == "main"), found[0]))


def _states(session: Session, client_ids: list[str], today: date) -> dict[str, list[CourseState]]:
    read = states_of(session, _OPEN_STATES, {"client_ids": client_ids}, today=today)
    grouped = groupby(read, key=lambda each: each[1].client_id)
    return {client_id: [state for state, _other in courses] for client_id, courses in grouped}


_OPEN_STATES = prepared_states(
    select(Course.id).where(Course.client_id.in_(CLIENT_IDS), Course.closed_as.is_(None)),
    order_by=(Course.client_id,),
)


def _square_ids(session: Session, client_ids: list[str]) -> dict[str, str]:
    session.flush()
    return dict(_PROFILES.all(session.connection(), {"client_ids": client_ids}))


_PROFILES = Prepared(
    select(SquareCustomer.client_id, SquareCustomer.square_customer_id)
    .where(SquareCustomer.client_id.in_(CLIENT_IDS), *IS_LIVING_PROFILE)
    .order_by(SquareCustomer.seen_at)
)


def _view(client: Client | Row[Any], square_customer_id: str | None) -> ClientView:
    is_erased = client.erased_at is not None
    return from_row(ClientView, client, square_customer_id=square_customer_id, is_erased=is_erased)
