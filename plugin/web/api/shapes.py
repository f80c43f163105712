"""Views as `/api/v1` shows them: plain JSON values. These field names are a promise; fields may be added only."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from plugin.core.course import AllowanceState, CourseState
from plugin.core.money import Money
from plugin.core.terms import RefundFormula
from plugin.courses.base.views import (
    AttentionView,
    ClientView,
    ContentView,
    CourseView,
    EarlierEntry,
    EntryView,
    PackageView,
    Used,
)
from plugin.courses.refunds.desk_refund_quote import RefundQuote
from plugin.courses.refunds.desk_refunds import Begun

Json = dict[str, Any]


def money(value: Money) -> Json:
    """Show money in minor units with its currency."""
    return {"amount": value.amount, "currency": value.currency}


def moment(value: datetime) -> str:
    """Show a time as RFC 3339 in UTC, ending in Z."""
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def package(view: PackageView) -> Json:
    """Show a Package."""
    return {
        "id": view.id,
        "name": view.name,
        "price": money(view.price),
        "contents": [_content(content) for content in view.contents],
        "terms": view.terms.to_json(),
        "version": view.version,
        "active": view.is_active,
        "square_variation_id": view.square_variation_id,
    }


def _content(view: ContentView) -> Json:
    return {
        "treatment": view.treatment,
        "sessions": view.sessions,
        "single_price": money(view.single_price),
        "usable_from_session": view.usable_from_session,
    }


def client(view: ClientView) -> Json:
    """Show a Client."""
    return {
        "id": view.id,
        "name": view.name,
        "phone": view.phone,
        "email": view.email,
        "language": view.language,
        "square_customer_id": view.square_customer_id,
    }


def course(view: CourseView) -> Json:
    """Show a Course with its allowances and all its entries."""
    return {
        "id": view.id,
        "client_id": view.client_id,
        "package_id": view.package_id,
        "package_name": view.package_name,
        "status": view.status.value,
        "sold_at": moment(view.sold_at),
        "expires_on": _day(view.expires_on),
        "paid": money(view.paid),
        "paid_with_tax": money(view.gross_paid),
        "value_left": money(view.value_left),
        "square_order_id": view.square_order_id,
        **_standing(view.state),
        "allowances": [_allowance(allowance) for allowance in view.allowances],
        "entries": [entry(line) for line in view.entries],
    }


def _standing(state: CourseState) -> Json:
    gift = state.waiting_gift
    return {
        "price": money(state.price),
        "due": money(state.due),
        "due_on": _day(state.due_on),
        "granted": state.granted,
        "used": state.used,
        "left": state.left,
        "usable_now": state.usable_now,
        "locked": state.locked,
        "next_session": state.next_session,
        "not_usable_because": state.why_not,
        "on_hold_since": _day(state.on_hold_since),
        "expired_on": _day(state.expired_on),
        "waiting_gift": {"recipient_name": gift.recipient_name} if gift else None,
    }


def _allowance(view: AllowanceState) -> Json:
    return {
        "id": view.id,
        "treatment": view.treatment,
        "kind": view.kind,
        "granted": view.granted,
        "used": view.used,
        "left": view.left,
        "usable_now": view.usable_now,
        "locked": view.locked,
        "usable_from_session": view.usable_from_session,
        "value_left": money(view.value_left),
    }


def entry(view: EntryView) -> Json:
    """Show an Entry of the ledger."""
    return {
        "id": view.id,
        "allowance_id": view.allowance_id,
        "seq": view.seq,
        "kind": view.kind.value,
        "sessions_delta": view.sessions_delta,
        "sessions_after": view.sessions_after,
        "value_delta": money(view.value_delta),
        "value_after": money(view.value_after),
        "happened_at": moment(view.happened_at),
        "written_at": moment(view.written_at),
        "by": view.by,
        "source": view.source,
        "reason": view.reason,
        "reverses": view.reverses,
        "session_number": view.session_number,
    }


def used(view: Used) -> Json:
    """Show a use, and whether the client was charged for that treatment and day before."""
    return {
        "entry": entry(view.entry),
        "sessions_left": view.sessions_left,
        "already_used_today": bool(view.earlier),
        "earlier_entries": [_earlier(each) for each in view.earlier],
    }


def _earlier(view: EarlierEntry) -> Json:
    return {
        "entry_id": view.entry_id,
        "happened_at": moment(view.happened_at),
        "by": view.by,
        "session_number": view.session_number,
    }


def refund_quote(quote: RefundQuote) -> Json:
    """Show both sums with tax, the formula of the course's own terms, and the most that can be refunded."""
    return {
        "formula": quote.formula.value,
        "prorated": money(quote.values[RefundFormula.PRORATED].amount),
        "discount_forfeited": money(quote.values[RefundFormula.DISCOUNT_FORFEITED].amount),
        "refundable": money(quote.most),
        "paid": money(quote.course.gross_paid),
        "tax": money(quote.tax),
        "working": list(quote.working),
    }


def refund(begun: Begun) -> Json:
    """Show a refund as it stands when it is begun."""
    return {"id": begun.id, "status": "pending", "amount": money(begun.amount)}


def attention_item(view: AttentionView) -> Json:
    """Show an attention item; `decisions` are the words its resolution takes, `answer` what was decided."""
    return {
        "id": view.id,
        "kind": view.kind,
        "summary": view.summary,
        "square_order_id": view.square_order_id,
        "square_refund_id": view.square_refund_id,
        "proposal": view.proposal,
        "opened_at": moment(view.opened_at),
        "resolved_at": moment(view.resolved_at) if view.resolved_at else None,
        "decisions": list(view.decisions),
        "proposed_decision": view.proposed_decision,
        "proposed_sessions": view.proposed_sessions,
        "proposed_course_id": view.proposed_course_id,
        "proposed_package_id": view.proposed_package_id,
        "client_ids": list(view.client_ids),
        "answer": view.answer,
    }
