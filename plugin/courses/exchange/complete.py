"""Complete a paid exchange: the old course is closed, and its value moves to the new one to the cent.

Nothing changes in the old course before. If it was used in the meantime, a person decides.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.ledger import Change, Head, Kind
from plugin.core.money import Money, allocate
from plugin.core.status import CLOSED
from plugin.courses.base.attention import open_item
from plugin.courses.base.chain import Line, add_history, allowances_of, append, course_for_change, head_of
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.course_extras import is_refunding_in
from plugin.courses.base.events import CourseChanged, SaleBooked, publish
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.read import course_in
from plugin.courses.base.views import CourseView
from plugin.courses.base.words import clinic_money, sessions_text
from plugin.courses.base.work import Work
from plugin.courses.exchange.credit import credit_now_in
from plugin.errors import Refused
from plugin.store.tables import Allowance, Checkout, Course, DeskRefund
from plugin.wording import _

CHANGED_EXCHANGE = "changed_exchange"
# The job kind in `plugin.courses.refunds.desk_refunds`, which requires more than is known here.
_REFUND = "refund"
_CLOSED_AS = "transferred"


@dataclass(frozen=True, slots=True)
class _Exchange(Work):
    """Both locked courses, and the value moved in the ledger: `into` the new one and `back`, net minor units.

    `discount` is what was taken off the new price, `money_back` the client's refund, tax included.
    """

    row: Checkout
    old: Course
    new: Course
    into: int
    back: int
    discount: int
    money_back: int

    def written(self, amount: int) -> str:
        """Format an amount in the clinic's locale."""
        return clinic_money(self.session, Money(amount, self.row.currency))

    def line(self, allowance: Allowance, what: str, reason: str = "") -> Line:
        """Return the fields of one entry, with a key that makes a repeated exchange write it only once."""
        return Line(f"exchange:{self.row.id}:{allowance.position}:{what}", self.now, reason=reason)

    def append(self, allowance: Allowance, change: Change, what: str, reason: str = "") -> None:
        """Append an entry to an allowance's chain."""
        head = head_of(self.session, allowance.id)
        line = self.line(allowance, what, reason)
        append(self, allowance.id, head, change, line)


def complete_exchanges(work: Work, sale: SaleBooked) -> list[str]:
    """Complete the exchange of a paid order, once; return the attention items that it leaves open."""
    # An exchange never begins at Square POS: its order was begun at the desk.
    if not sale.checkout_ids:
        return []
    rows = work.session.scalars(
        select(Checkout)
        .where(
            Checkout.square_order_id == sale.square_order_id,
            Checkout.exchanges_course_id.is_not(None),
            Checkout.exchanged_at.is_(None),
            Checkout.state == "paid",
        )
        .with_for_update()
    ).all()
    return [asked for row in rows if (asked := _complete(work, row))]


def exchange_now(work: Work, details: dict[str, Any]) -> None:
    """Exchange what is left now, as a person has decided; raises Refused where nothing is left."""
    row = work.session.get_one(Checkout, details["checkout_id"])
    old, new = (
        course_for_change(work.session, details["old_id"]),
        work.session.get_one(Course, details["new_id"]),
    )
    if old.closed_as is not None or new.closed_as is not None:
        raise Refused(_("One of the two courses was closed meanwhile. Look at them again."), code="closed")
    if is_refunding_in(work.session, old.id):
        raise Refused(_("A refund of the old course is pending."), code="refund_under_way")
    credit = credit_now_in(work.session, _view(work.session, work.act, old))
    kept = credit.kept_for(Money((row.credit_for or {})["discount"], row.currency))
    _carry_out(_exchange_of(work, row, old, new, kept=kept))


def _complete(work: Work, row: Checkout) -> str | None:
    new = work.session.scalar(
        select(Course)
        .where(Course.square_order_id == row.square_order_id, Course.package_id == row.package_id)
        .order_by(Course.square_line_uid, Course.unit)
        .limit(1)
    )
    if new is None:
        return None
    old = course_for_change(work.session, row.exchanges_course_id or "")
    kept = row.credit_for or {}
    exchange = _exchange_of(work, row, old, new, kept=kept)
    row.exchanged_at = work.now
    view = _view(work.session, work.act, old)
    if _is_as_it_was(work.session, view, kept):
        _carry_out(exchange)
        return None
    return _ask(exchange, view)


def _exchange_of(work: Work, row: Checkout, old: Course, new: Course, *, kept: dict[str, Any]) -> _Exchange:
    values = (kept[name] for name in ("into", "back", "discount", "goes_back"))
    return _Exchange(work.session, work.store, work.act, row, old, new, *values)


def _view(session: Session, act: Act, course: Course) -> CourseView:
    return course_in(session, course, today=local_date_in(session, act.now))


def _is_as_it_was(session: Session, course: CourseView, kept: dict[str, Any]) -> bool:
    if course.closed_at is not None or course.waiting_gift is not None or is_refunding_in(session, course.id):
        return False
    left = {each.id: each.left for each in course.allowances}
    return bool(left == kept["left"] and course.value_left.amount == kept["value"])


def _carry_out(exchange: _Exchange) -> None:
    sessions = _empty_old(exchange)
    _fill_new(exchange)
    _close(exchange, sessions)
    if exchange.back:
        _refund_rest(exchange)


def _empty_old(exchange: _Exchange) -> int:
    """Move everything out of the old course (to the new one, back or kept); return its sessions."""
    allowances = allowances_of(exchange.session, exchange.old.id)
    heads = [head_of(exchange.session, each.id) for each in allowances]
    _settle_value(exchange, allowances, heads)
    values = [head_of(exchange.session, each.id).value for each in allowances]
    backs = allocate(exchange.back, values)
    for allowance, head, value, back in zip(allowances, heads, values, backs, strict=True):
        if back:
            change = Change(Kind.REFUNDED, value=-back)
            exchange.append(allowance, change, "back", _("Left of the credit after an exchange"))
        if head.sessions or value > back:
            change = Change(Kind.TRANSFERRED_OUT, sessions=-head.sessions, value=back - value)
            exchange.append(
                allowance,
                change,
                "out",
                _("Exchanged for {package_name}", package_name=exchange.new.package_name)[:300],
            )
    return sum(head.sessions for head in heads)


def _settle_value(exchange: _Exchange, allowances: list[Allowance], heads: list[Head]) -> None:
    """Adjust the old course's value to the credit: its formula may keep more than the sessions used."""
    change = exchange.into + exchange.back - sum(head.value for head in heads)
    if change == 0:
        return
    weights = [head.value for head in heads]
    if change > 0:
        weights = [head.sessions * each.single_price for head, each in zip(heads, allowances, strict=True)]
    for allowance, part in zip(allowances, allocate(abs(change), weights), strict=True):
        if part:
            value = part if change > 0 else -part
            reason = _("What the refund formula of this course makes of the sessions left")
            exchange.append(allowance, Change(Kind.ADJUSTED, value=value), "reckoned", reason)


def _fill_new(exchange: _Exchange) -> None:
    allowances = allowances_of(exchange.session, exchange.new.id)
    weights = [head_of(exchange.session, each.id).granted * each.single_price for each in allowances]
    for allowance, part in zip(allowances, allocate(exchange.into, weights), strict=True):
        if part:
            reason = _("Credit from {package_name}", package_name=exchange.old.package_name)[:300]
            exchange.append(allowance, Change(Kind.TRANSFERRED_IN, value=part), "in", reason)


def _close(exchange: _Exchange, sessions: int) -> None:
    old, new = exchange.old, exchange.new
    old.closed_as, old.closed_at = _CLOSED_AS, exchange.now
    worth = exchange.written(exchange.discount + exchange.money_back)
    values = {"package_name": new.package_name, "sessions": sessions_text(sessions), "worth": worth}
    if exchange.back:
        text = _(
            "Exchanged for {package_name}: {sessions} worth {worth}, of which {back} goes back",
            **values,
            back=exchange.written(exchange.money_back),
        )
    else:
        text = _("Exchanged for {package_name}: {sessions} worth {worth}", **values)
    add_history(exchange, old.id, "exchanged", text)
    text = _(
        "Exchanged from {package_name}: {written} credit",
        package_name=old.package_name,
        written=exchange.written(exchange.discount),
    )
    add_history(exchange, new.id, "exchanged", text)
    exchange.session.flush()
    for course in (old, new):
        publish(exchange, CourseChanged(course.id))


def _refund_rest(exchange: _Exchange) -> None:
    row = DeskRefund(
        id=exchange.new_id(),
        course_id=exchange.old.id,
        amount=exchange.money_back,
        currency=exchange.row.currency,
        formula="own",
        reason=_("Exchanged for {package_name}", package_name=exchange.new.package_name)[:300],
        created_at=exchange.now,
        by=exchange.row.by,
        staff_id=exchange.row.staff_id,
    )
    exchange.add(row)
    enqueue(exchange, _REFUND, row.id)
    text = _("Refund of {written} begun", written=exchange.written(exchange.money_back))
    add_history(exchange, exchange.old.id, "refund", text)


def _ask(exchange: _Exchange, course: CourseView) -> str:
    row, kept = exchange.row, exchange.row.credit_for or {}
    then = _(
        "Credit then: {written} for {sessions}.",
        written=exchange.written(row.credit or 0),
        sessions=sessions_text(sum(kept["left"].values())),
    )
    if course.closed_at is not None:
        now = _("That course was {value} meanwhile, so no credit goes over.", value=CLOSED[course.status])
    else:
        left = sum(each.left for each in course.allowances)
        worth = credit_now_in(exchange.session, course).amount.amount
        now = _(
            "Now {sessions} left, worth {written}.",
            sessions=sessions_text(left),
            written=exchange.written(worth),
        )
        difference = exchange.written(abs(worth - (row.credit or 0)))
        if worth < (row.credit or 0):
            now += " " + _("{amount} less.", amount=difference)
        else:
            now += " " + _("{amount} more.", amount=difference)
    who = course.client_name or _("A client")
    return open_item(
        exchange,
        kind=CHANGED_EXCHANGE,
        dedupe=f"{CHANGED_EXCHANGE}:{row.id}",
        summary=_(
            "{who} has paid to exchange {old} for {new}, but that course has changed since.",
            who=who,
            old=course.package_name,
            new=exchange.new.package_name,
        ),
        details={
            "course_ids": [exchange.old.id, exchange.new.id],
            "checkout_id": row.id,
            "old_id": exchange.old.id,
            "new_id": exchange.new.id,
            "proposal": then + " " + now,
            **({"decisions": ["dismiss"]} if course.closed_at is not None else {}),
        },
        square_order_id=row.square_order_id,
    )
