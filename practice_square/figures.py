"""Money and times as the register shows and reads them. Integers only: money is never a float."""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from practice_square.merchant import TIMEZONE
from practice_square.refusals import invalid
from practice_square.sale import Reduction

WITHOUT_MINOR_UNIT = ("JPY", "KRW")
SIGNS = {"USD": "$", "CAD": "$", "AUD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


def as_plain_amount(money: dict[str, Any]) -> str:
    """Write 165000 USD as 1,650.00."""
    amount, sign = abs(money["amount"]), "-" if money["amount"] < 0 else ""
    if money["currency"] in WITHOUT_MINOR_UNIT:
        return f"{sign}{amount:,}"
    return f"{sign}{amount // 100:,}.{amount % 100:02d}"


def as_money(money: dict[str, Any]) -> str:
    """Write 165000 USD as $1,650.00."""
    plain = as_plain_amount(money)
    sign = SIGNS.get(money["currency"], f"{money['currency']} ")
    return f"-{sign}{plain[1:]}" if plain.startswith("-") else sign + plain


def read_amount(text: str, field: str, currency: str = "USD") -> int:
    """Read "1,650", "1650.5" or "$1650.50" as minor units. Raises Refusal for anything else."""
    plain = text.strip().lstrip("".join(SIGNS.values())).replace(",", "").strip()
    match = re.fullmatch(r"([0-9]{1,9})(?:\.([0-9]{1,2}))?", plain)
    if match is None:
        raise invalid(f"“{text}” is not an amount. Write it like 25 or 25.50.", field)
    if currency not in WITHOUT_MINOR_UNIT:
        return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
    if match[2]:
        raise invalid(f"{currency} has no smaller unit: write a whole number.", field)
    return int(match[1])


def read_reduction(text: str, field: str, currency: str = "USD") -> Reduction | None:
    """Read a discount: "10%" off, or "25.00" off; empty is none."""
    plain = text.strip()
    if not plain:
        return None
    if plain.endswith("%"):
        percent = plain[:-1].strip()
        if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,4})?", percent):
            raise invalid(f"“{text}” is not a percentage. Write it like 10%.", field)
        return Reduction(percent=percent)
    return Reduction(amount=read_amount(plain, field, currency))


def as_line(line: dict[str, Any]) -> str:
    """Name an order line as the register lists it: "Prepaid courses, Facial acupuncture, course of 12"."""
    names = [line.get("name") or "Custom amount", line.get("variation_name")]
    return ", ".join(name for name in names if name and name != "Regular")


def as_phone(number: str) -> str:
    """Write +13105550101 as (310) 555-0101; leave other countries' numbers as they are."""
    match = re.fullmatch(r"\+?1?(\d{3})(\d{3})(\d{4})", re.sub(r"[\s().-]", "", number))
    return f"({match[1]}) {match[2]}-{match[3]}" if match else number


def as_local_time(moment: str) -> str:
    """Write a stored time in the register's own zone: Nov 22, 3:05 pm."""
    when = datetime.fromisoformat(moment).astimezone(ZoneInfo(TIMEZONE))
    return f"{when:%b} {when.day}, {as_local_clock(moment)}"


def as_local_clock(moment: str) -> str:
    """Write a stored time of day in the register's own zone: 3:05 pm."""
    when = datetime.fromisoformat(moment).astimezone(ZoneInfo(TIMEZONE))
    return f"{when.hour % 12 or 12}:{when:%M} {'am' if when.hour < 12 else 'pm'}"
