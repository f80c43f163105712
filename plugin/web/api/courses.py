"""The calls about courses: reading one, using its sessions, undoing that, and its papers."""

from __future__ import annotations

from plugin.core.text import NOTE_LENGTH, REASON_LENGTH
from plugin.courses.base.clinic import local_date, read_clinic
from plugin.courses.base.read import read_course
from plugin.courses.documents.files import document_bytes
from plugin.courses.documents.on_demand import invoice_of_course
from plugin.courses.documents.statement import statement_of_course
from plugin.courses.handouts.cache import paper_bytes
from plugin.courses.visits.reverse import reverse
from plugin.courses.visits.use import MOST_AT_ONCE, UseSession, use_session
from plugin.web.api import shapes
from plugin.web.api.calls import THE_DESK, Answer, Asked, Call, Key
from plugin.web.api.fields import day, identifier, record, text, whole

_USE = record(
    {
        "allowance_id": identifier(
            description="Which sessions to use; by default the main ones, then touch-ups that have opened."
        ),
        "sessions": whole(least=1, most=MOST_AT_ONCE, default=1),
        "visited_on": day(
            description="The clinic's day of the visit, today by default; never in the future."
        ),
        "client_id": identifier(description="Who came; by default the course's own client."),
        "note": text(most=NOTE_LENGTH),
    },
    examples=[{"sessions": 1}, {"visited_on": "2026-11-20", "note": "Jawline, LED after"}],
)
_UNDO = record(
    {"reason": text(least=1, most=REASON_LENGTH)}, required=("reason",), examples=[{"reason": "Wrong client"}]
)
_LANGUAGE = {
    "language": text(
        least=2,
        most=16,
        pattern="^[A-Za-z0-9-]+$",
        description="A tag such as en or es; the client's own by default.",
    )
}
_OF_ISSUE = {
    "language": text(
        least=2,
        most=16,
        pattern="^[A-Za-z0-9-]+$",
        description="Taken and not used: an invoice stays in the language it was issued in.",
    )
}
_VISIT = {**_LANGUAGE, "visit_id": identifier(description="After which visit; the latest by default.")}


def _read(asked: Asked) -> Answer:
    store = asked.services.store
    today = local_date(read_clinic(store), asked.act.now)
    return Answer(shapes.course(read_course(store, asked.ids["course_id"], today=today)))


def _use(asked: Asked) -> Answer:
    wish = UseSession(course_id=asked.ids["course_id"], **asked.body)
    used = use_session(asked.services.store, asked.act, wish, has_mail=asked.services.mail.is_ready)
    return Answer(shapes.used(used), is_repeat=used.is_repeat)


def _undo(asked: Asked) -> Answer:
    undone = reverse(asked.services.store, asked.act, asked.ids["entry_id"], asked.body["reason"])
    said = {"entry": shapes.entry(undone.entry), "sessions_left": undone.sessions_left}
    return Answer(said, is_repeat=undone.is_repeat)


def _summary(asked: Asked) -> Answer:
    return _paper(asked, "summary", "course-summary.pdf")


def _aftercare(asked: Asked) -> Answer:
    return _paper(asked, "aftercare", "aftercare.pdf")


def _statement(asked: Asked) -> Answer:
    services = asked.services
    made = statement_of_course(services.store, services.render, asked.act, asked.ids["course_id"])
    return Answer(pdf=made.pdf, filename="statement.pdf")


def _invoice(asked: Asked) -> Answer:
    services = asked.services
    document_id = invoice_of_course(services.store, asked.act, asked.ids["course_id"])
    pdf = document_bytes(services.store, services.render, document_id, now=asked.act.now)
    return Answer(pdf=pdf, filename="invoice.pdf")


def _paper(asked: Asked, kind: str, filename: str) -> Answer:
    services = asked.services
    pdf = paper_bytes(
        services.store,
        services.render,
        asked.act,
        asked.ids["course_id"],
        kind,
        visit_id=asked.query.get("visit_id"),
        language=asked.query.get("language"),
        public_url=services.settings.public_url,
    )
    return Answer(pdf=pdf, filename=filename)


CALLS = (
    Call(
        name="read_course",
        method="GET",
        path="/courses/{course_id}",
        summary="Read a course with its allowances and all its entries",
        view=_read,
        answer="Course",
    ),
    Call(
        name="use_session",
        method="POST",
        path="/courses/{course_id}/redemptions",
        summary="Use sessions of a course",
        view=_use,
        answer="SessionUsed",
        status=201,
        key=Key.REQUIRED,
        body=_USE,
    ),
    Call(
        name="reverse_entry",
        method="POST",
        path="/entries/{entry_id}/reversal",
        summary="Undo a used session; both entries stay in the history",
        view=_undo,
        answer="EntryWritten",
        status=201,
        key=Key.ACCEPTED,
        body=_UNDO,
    ),
    Call(
        name="print_summary",
        method="GET",
        path="/courses/{course_id}/summary.pdf",
        summary="Print the course summary",
        view=_summary,
        answer=None,
        query=_LANGUAGE,
        refusals=(409,),
    ),
    Call(
        name="print_aftercare",
        method="GET",
        path="/courses/{course_id}/aftercare.pdf",
        summary="Print the aftercare sheet of a visit",
        view=_aftercare,
        answer=None,
        query=_VISIT,
        refusals=(409,),
    ),
    Call(
        name="print_invoice",
        method="GET",
        path="/courses/{course_id}/invoice.pdf",
        summary="Print the invoice, the same bytes for ever; 409 `invoice_not_ready` while it is being made",
        view=_invoice,
        answer=None,
        roles=THE_DESK,
        query=_OF_ISSUE,
        refusals=(409,),
    ),
    Call(
        name="print_statement",
        method="GET",
        path="/courses/{course_id}/statement.pdf",
        summary="Print the statement of account of the sale: its invoice and every payment and refund so far",
        view=_statement,
        answer=None,
        roles=THE_DESK,
        refusals=(409,),
    ),
)
