"""A sample client, to preview a letterhead or a text on a paper before it is saved. Pure; no I/O."""

from datetime import UTC, date, datetime, timedelta

from invoices import papers
from plugin.wording import N_, _

CLIENT = N_("Margaret Osei")
TREATMENT = N_("Facial acupuncture, 60 min")
_PRACTITIONER = N_("A. Kim")
_SESSIONS, _USED = 12, 5
_PRICE = 198000
_FIRST = date(2026, 10, 6)
_DAYS = tuple(_FIRST + timedelta(days=7 * number) for number in range(_USED))
_NEXT = papers.NextVisit(
    at=datetime(2026, 11, 10, 18, 30, tzinfo=UTC), treatment=TREATMENT, practitioner=_PRACTITIONER
)


def example_sheet(text: papers.AftercareText, language: str) -> papers.AftercareSheet:
    """Return the aftercare sheet of the sample client's last visit with this text."""
    return papers.AftercareSheet(
        clinic=papers.Clinic(name="Clinic"),
        client_name=CLIENT,
        visited_on=_DAYS[-1],
        treatment=TREATMENT,
        text=text,
        language=language,
        session_number=_USED,
        sessions_total=_SESSIONS,
        practitioner=_PRACTITIONER,
        next_visit=_NEXT,
    )


def example_summary(clinic: papers.Clinic, *, language: str, currency: str) -> papers.CourseSummary:
    """Return the summary of the sample client's course under this letterhead."""
    left = _SESSIONS - _USED
    card = papers.stamps(granted=_SESSIONS, used_on=_DAYS, left=left)
    return papers.CourseSummary(
        clinic=clinic,
        client_name=CLIENT,
        issued_on=_DAYS[-1],
        package_name=_("Facial acupuncture, course of {sessions}", sessions=_SESSIONS),
        sessions_left=left,
        sessions_total=_SESSIONS,
        sessions_used=_USED,
        sold_on=_FIRST,
        paid=papers.Money(_PRICE, currency),
        language=language,
        allowances=(
            papers.Allowance(treatment=TREATMENT, granted=_SESSIONS, used=_USED, left=left, stamps=card),
        ),
        visits=tuple(
            papers.SummaryVisit(
                on=day, treatment=TREATMENT, session_number=number, practitioner=_PRACTITIONER
            )
            for number, day in enumerate(_DAYS, start=1)
        ),
        next_visit=_NEXT,
    )
