"""The starting catalog of the set-up: a single session, a course of 10 and one of 12, to be changed before saving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from plugin.core.money import Money, minor_digits
from plugin.core.terms import ExpiresFrom, Terms
from plugin.core.text import NAME_LENGTH
from plugin.courses.catalog.packages import NewContent, NewPackage
from plugin.web.forms import Amount, Choice, Count, Form, Text, Tick, count_field
from plugin.web.translations import N_, _

PUBLISH, LINK = "publish", "link"
TREATMENT = N_("Facial acupuncture")
_SINGLE_VISIT = 165
_SESSIONS = {1: N_("Single session"), 10: N_("Course of 10"), 12: N_("Course of 12")}
ROWS = range(1, len(_SESSIONS) + 1)


@dataclass(frozen=True, slots=True)
class CatalogRow:
    """The fields of one package of the starting catalog."""

    sells: Tick
    name: Text
    sessions: Count
    price: Amount
    months: Count

    def complete(self) -> bool:
        """Mark the missing required fields; return whether none is missing."""
        for field in (self.name, self.sessions, self.price):
            if not field.typed.strip() and not field.errors:
                field.errors = [_("{called} is missing.", called=field.called)]
        return not any(field.errors for field in (self.name, self.sessions, self.price, self.months))


class CatalogForm(Form):
    """The packages to begin with."""

    treatment = Text(
        N_("Treatment"), called=N_("The treatment"), maxlength=NAME_LENGTH, required=True, autocomplete="off"
    )
    way = Choice(
        N_("In Square"),
        ((PUBLISH, N_("Create them as new items")), (LINK, N_("We sell them already: link the items next"))),
        default=PUBLISH,
    )
    single_price = Amount(N_("Price of a single session"), called=N_("The single price"), required=True)

    @classmethod
    def starting(cls, currency: str) -> dict[str, Any]:
        """Return the values of the catalog before anybody has changed it."""
        single = Money(_SINGLE_VISIT * 10 ** minor_digits(currency), currency)
        values: dict[str, Any] = {"treatment": TREATMENT, "single_price": single}
        for number, (sessions, label) in zip(ROWS, _SESSIONS.items(), strict=True):
            name = f"{TREATMENT}, {label.lower()}"
            values |= {
                f"sells_{number}": True,
                f"name_{number}": name,
                f"sessions_{number}": sessions,
                f"price_{number}": Money(single.amount * sessions, currency),
            }
        return values

    @property
    def is_to_publish(self) -> bool:
        """Return whether the packages become new items in Square at once."""
        return bool(self.way.data == PUBLISH)

    @property
    def rows(self) -> list[CatalogRow]:
        """Return the rows."""
        return [CatalogRow(*(self[name] for name in _fields_of_row(number))) for number in ROWS]

    def validate(self, extra_validators: Any = None) -> bool:
        """Parse all fields; a package that is not sold needs none of its own."""
        is_whole = bool(super().validate(extra_validators))
        chosen = [row for row in self.rows if row.sells.data]
        if not chosen:
            self.form_errors.append(_("Choose at least one package, or do this later."))
        # Each of them, so that all their errors show at once.
        wrong = [row for row in chosen if not row.complete()]
        for row in self.rows:
            if row not in chosen:
                for field in (row.name, row.sessions, row.price, row.months):
                    field.errors = []
        is_whole = is_whole or not self.wrong
        return is_whole and bool(chosen) and not wrong

    def packages(self) -> list[NewPackage]:
        """Return the packages that were chosen."""
        return [
            NewPackage(
                row.name.data,
                row.price.money,
                [NewContent(self.treatment.data, row.sessions.number, self.single_price.money, kind="main")],
                Terms(expires_after_months=row.months.data, expires_from=ExpiresFrom.SALE),
            )
            for row in self.rows
            if row.sells.data
        ]


def _fields_of_row(number: int, label: str = "") -> dict[str, Any]:
    return {
        f"sells_{number}": Tick(label),
        f"name_{number}": Text(N_("Name"), called=N_("The name"), maxlength=NAME_LENGTH, autocomplete="off"),
        f"sessions_{number}": count_field(N_("Sessions")),
        f"price_{number}": Amount(N_("Price"), called=N_("The price")),
        f"months_{number}": count_field(
            N_("Expires after, months"), N_("Expiry"), hint=N_("Empty: no expiration")
        ),
    }


for _row, _label in zip(ROWS, _SESSIONS.values(), strict=True):
    for _name, _field in _fields_of_row(_row, _label).items():
        setattr(CatalogForm, _name, _field)
