"""Sample gift vouchers and months. The people and clinics are invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from invoices.papers import (
    CallReason,
    CallRow,
    Clinic,
    GiftContent,
    GiftVoucher,
    Money,
    MonthPoint,
    OwnersMonth,
    PackageRow,
    PageSize,
    Paper,
    RollKind,
    RollLine,
)

CLINIC = Clinic(
    name="Juniper Street Acupuncture",
    address_lines=("118 Juniper Street, Suite 4", "Los Angeles, CA 90012"),
    phone="(310) 555-0100",
    email="hello@juniperstreet.example",
    website="juniperstreet.example",
)
VOUCHER_TERMS = {
    "en": ("A visit missed without notice counts as used; we look past it once.",),
    "es": ("Una visita a la que no asista sin avisar cuenta como usada; la primera no se cuenta.",),
    "zh-Hans": ("未事先通知而未到诊，按已使用一次计算；第一次不计。",),
}
MESSAGES = {
    "en": "Happy birthday, Mum. Twelve quiet hours that are only yours. Enjoy every one of them.",
    "es": "Feliz cumpleaños, mamá. Doce horas de calma solo para ti. Disfruta de cada una.",
    "zh-Hans": "妈妈，生日快乐。这十二次安静的时光，只属于您自己。愿您好好享受每一次。",
}
LONG_MESSAGE = (
    "Dear Margaret, when you drove me to school every morning for eleven years, you never once had an hour for "
    "yourself. Here are twelve of them, and two more for later. Lie down, close your eyes, let somebody else look "
    "after things for a while. Then tell me all about it over tea. You have been asking for years where one goes for "
    "such a thing: it is five minutes from your door, they are kind, and the light in the front room is lovely in the "
    "afternoon. With all my love, and thanks, Daniel"
)


def clinic_of(page_size: PageSize) -> Clinic:
    """The clinic that prints on paper of this size."""
    return replace(CLINIC, page_size=page_size)


def voucher(language: str = "en") -> GiftVoucher:
    return GiftVoucher(
        clinic=CLINIC,
        package_name="Facial acupuncture, course of 12 with two touch-ups",
        contents=(
            GiftContent("Facial acupuncture, 60 min", 12),
            GiftContent("Touch-up, 45 min", 2, kind="touch_up"),
        ),
        giver_name="Daniel Osei",
        recipient_name="Margaret Osei",
        code="7KQMX3FD92HT",
        issued_on=date(2026, 12, 3),
        message=MESSAGES[language],
        good_until=date(2027, 12, 31),
        terms=VOUCHER_TERMS[language],
        language=language,
    )


def long_voucher() -> GiftVoucher:
    return replace(
        voucher(),
        recipient_name="Wilhelmina Konstantinopolitanska-Featherstonehaugh von Hohenzollern-Sigmaringen",
        giver_name="Everybody on the third floor of the Juniper Street Library, past and present",
        message=LONG_MESSAGE,
        good_until=None,
        months_from_first_visit=12,
    )


def bare_voucher() -> GiftVoucher:
    return replace(
        voucher(),
        contents=(GiftContent("Facial acupuncture, 60 min", 1),),
        package_name="A first visit",
        message="",
        good_until=None,
        terms=(),
    )


NOVEMBER = date(2026, 11, 1)
# Sold and used sessions of each month up to November, at $165.00.
FLOWS = (
    (36, 18), (48, 25), (24, 31), (60, 38), (48, 44), (36, 47),
    (24, 49), (12, 40), (36, 33), (60, 42), (72, 51), (84, 63),
)  # fmt: skip
OPENING_SESSIONS = 96
SESSION = 16500
PACKAGES = (
    ("Facial acupuncture, course of 12 with two touch-ups", 5, 60, 41),
    ("Facial acupuncture, course of 10", 2, 20, 17),
    ("Touch-ups, four in a year", 1, 4, 3),
    ("Body acupuncture, course of 6", 0, 0, 2),
)
PEOPLE: tuple[tuple[str, str, CallReason, int, date | None], ...] = (
    ("Margaret Osei", "(310) 555-0142", "expiring", 4, date(2026, 12, 10)),
    ("Ines Reis", "(310) 555-0117", "expiring", 2, date(2026, 12, 22)),
    ("Ines Reis", "(310) 555-0117", "low", 2, None),
    ("Hannah Lindqvist", "(213) 555-0188", "low", 1, None),
    ("Teresa Alvarez", "", "finished", 0, None),
    ("Zoë Nguyễn-Łukaszewicz", "+44 20 7946 0018", "lapsed", 7, date(2026, 10, 2)),
    ("王小梅", "(626) 555-0133", "lapsed", 12, None),
    ("Dorothy Abara", "(310) 555-0161", "overdue", 6, None),
)


def usd(amount: int) -> Money:
    return Money(amount, "USD")


def trend() -> tuple[MonthPoint, ...]:
    """Twelve months up to November 2026."""
    points = []
    left = OPENING_SESSIONS
    for place, (sold, used) in enumerate(FLOWS):
        left += sold - used
        points.append(
            MonthPoint(
                month=date(2025 if place == 0 else 2026, 12 if place == 0 else place, 1),
                sold=usd(sold * SESSION),
                used=usd(used * SESSION),
                owed=usd(left * SESSION),
                sold_sessions=sold,
                used_sessions=used,
            )
        )
    # In November a course was refunded too, and one session given for goodwill.
    points[-1] = replace(points[-1], owed=usd((left - 7) * SESSION))
    return tuple(points)


def roll_forward() -> tuple[RollLine, ...]:
    """November's lines, which add up to what is owed after it."""
    known = trend()
    sold, used = FLOWS[-1]
    opening = known[-2].owed.amount
    lines: dict[RollKind, tuple[int, int]] = {
        "opening": (opening, opening // SESSION),
        "sold": (0, sold),
        "paid": (sold * SESSION, 0),
        "used": (-used * SESSION, -used),
        "refunded": (-7 * SESSION, -7),
        "expired": (0, 0),
        "adjusted": (0, 1),
        "transferred": (0, 0),
        "closing": (known[-1].owed.amount, known[-1].owed.amount // SESSION + 1),
    }
    return tuple(RollLine(kind, usd(value), sessions) for kind, (value, sessions) in lines.items())


def package_row(package: str, sold: int, sold_sessions: int, used: int) -> PackageRow:
    return PackageRow(
        package=package,
        sold=sold,
        sold_sessions=sold_sessions,
        sold_value=usd(sold_sessions * SESSION),
        used=used,
        used_value=usd(used * SESSION),
    )


def call_row(name: str, phone: str, reason: CallReason, left: int, on: date | None) -> CallRow:
    due = usd(99000) if reason == "overdue" else None
    return CallRow(name=name, phone=phone, reason=reason, package=PACKAGES[0][0], left=left, on=on, due=due)


def month(language: str = "en") -> OwnersMonth:
    return OwnersMonth(
        clinic=CLINIC,
        month=NOVEMBER,
        issued_on=date(2026, 12, 3),
        roll_forward=roll_forward(),
        packages=tuple(package_row(*each) for each in PACKAGES),
        people_to_call=tuple(call_row(*each) for each in PEOPLE),
        people_left_out=0,
        trend=trend(),
        is_closed=True,
        expired=RollLine("expired", usd(4 * SESSION), 4),
        language=language,
    )


def running_month() -> OwnersMonth:
    return replace(month(), issued_on=date(2026, 11, 22), is_closed=False, expired=None)


def busy_month() -> OwnersMonth:
    """As much as two pages are for: thirty packages, and more people than can be called in a week."""
    small = package_row("A first visit", 1, 1, 1)
    first = package_row(PACKAGES[0][0], 5, 84 - 29, 63 - 29)
    rows = (first, *(replace(small, package=f"{small.package} {n}") for n in range(2, 31)))
    people = tuple(
        call_row(f"{name} {n}", phone, reason, left, on)
        for n in range(3)
        for name, phone, reason, left, on in PEOPLE
        if reason != "low"
    )
    return replace(month(), packages=rows, people_to_call=people[:20], people_left_out=41)


def quiet_month() -> OwnersMonth:
    """A clinic on its first day."""
    nothing = usd(0)
    return replace(
        month(),
        issued_on=NOVEMBER,
        roll_forward=tuple(RollLine(line.kind, nothing, 0) for line in roll_forward()),
        packages=(),
        people_to_call=(),
        trend=tuple(MonthPoint(point.month, nothing, nothing, nothing) for point in trend()),
        is_closed=False,
        expired=None,
    )


def gift_month_samples() -> dict[str, Paper]:
    """Samples of these two papers by a name that says what they show."""
    return {
        "voucher": voucher(),
        "voucher-spanish": voucher("es"),
        "voucher-chinese": voucher("zh-Hans"),
        "voucher-long": long_voucher(),
        "month": month(),
        "month-spanish": month("es"),
        "month-chinese": month("zh-Hans"),
        "month-busy": busy_month(),
    }
