"""The forms of the owner's screens."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.numbers import NumberFormatError, parse_decimal
from wtforms import ValidationError  # type: ignore[import-untyped]  # ships no types

from plugin.core.terms import USUAL_NOTICE_HOURS, ExpiresFrom, NoShow, RefundFormula, Terms
from plugin.core.text import NAME_LENGTH
from plugin.courses.base.views import ContentView, PackageView
from plugin.courses.catalog.packages import MOST_TREATMENTS, NewContent, NewPackage
from plugin.courses.imports.batches import Chosen
from plugin.courses.reports.usage import Basis, Rate
from plugin.errors import InvalidField
from plugin.web import pages
from plugin.web.format import locale_of
from plugin.web.forms import (
    Amount,
    Choice,
    Choices,
    Count,
    Day,
    Email,
    Form,
    Hidden,
    Paragraph,
    Text,
    Tick,
    Upload,
    count_field,
    parsed_amount,
)
from plugin.web.translations import N_, _

# Rows beside the main treatment and the touch-ups: shown at least, and read at most.
MORE_ROWS = 4
MOST_ROWS = MOST_TREATMENTS - 1
USUAL_RATE = "40"
_LONGEST_RATE = 24
_LONGEST_SHARE = 12


class SwitchForm(Form):
    state = Hidden()

    @property
    def is_on(self) -> bool:
        return self.state.data == "on"


def _treatment_field(**more: Any) -> Text:
    usual = {"called": N_("The treatment"), "list": "treatments"}
    return Text(N_("Treatment"), maxlength=NAME_LENGTH, **{**usual, **more})


def _opens_field() -> Count:
    return count_field(
        N_("Open after session"), N_("The session they open at"), hint=N_("Empty: from the start")
    )


def _names_of_row(number: int) -> tuple[str, ...]:
    return tuple(f"more_{each}_{number}" for each in ("treatment", "sessions", "price", "opens"))


def _fields_of_row() -> tuple[Any, ...]:
    return (
        _treatment_field(),
        count_field(N_("How many")),
        Amount(N_("Price of a single one"), called=N_("The single price of it")),
        _opens_field(),
    )


@dataclass(frozen=True, slots=True)
class ContentRow:
    """The fields of one treatment of a package."""

    treatment: Text
    sessions: Count
    price: Amount
    opens: Count

    @property
    def is_filled(self) -> bool:
        """Return whether anything was typed into it."""
        return any(field.typed.strip() for field in (self.treatment, self.sessions, self.price, self.opens))

    def complete(self) -> bool:
        """Mark the missing required fields; return whether none is missing."""
        needed = (self.treatment, self.sessions, self.price)
        for field in needed:
            if not field.typed.strip():
                field.errors = [_("{called} is missing.", called=field.called)]
        return not any(field.errors for field in needed)

    def content(self, kind: str | None = None) -> NewContent:
        return NewContent(
            treatment=self.treatment.data,
            sessions=self.sessions.number,
            single_price=self.price.money,
            usable_from_session=self.opens.data,
            kind=kind,
        )


class PackageForm(Form):
    """A package as sold from now on; the rows of more treatments are added below."""

    version = Hidden()
    name = Text(
        N_("Name"),
        called=N_("The name"),
        hint=N_("As Square and the papers show it"),
        maxlength=NAME_LENGTH,
        required=True,
    )
    price = Amount(N_("Price"), called=N_("The price"), required=True)
    treatment = _treatment_field(required=True)
    sessions = count_field(N_("How many"), required=True)
    single_price = Amount(N_("Price of a single visit"), called=N_("The single price"), required=True)
    touch_up_treatment = _treatment_field(called=N_("The treatment of the touch-ups"))
    touch_ups = count_field(N_("How many"), N_("The number of touch-ups"))
    touch_up_price = Amount(N_("Price of a single one"), called=N_("The single price of a touch-up"))
    opens_at = _opens_field()
    months = count_field(N_("Expires after, months"), N_("Expiry"), hint=N_("Empty: no expiration"))
    expires_from = Choice(
        N_("Months are counted"),
        ((ExpiresFrom.SALE, N_("from the sale")), (ExpiresFrom.FIRST_USE, N_("from the first visit"))),
        default=ExpiresFrom.SALE,
    )
    expires_on = Day(N_("Or expires on"), hint=N_("In place of months"))
    refund_formula = Choice(
        N_("A refund pays back"),
        (
            (RefundFormula.PRORATED, N_("the unused share of what was paid")),
            (RefundFormula.DISCOUNT_FORFEITED, N_("what was paid, less used visits at the single price")),
        ),
        default=RefundFormula.PRORATED,
    )
    no_show = Choice(
        N_("No-show"),
        (
            (NoShow.ASK, N_("Ask each time")),
            (NoShow.CHARGE, N_("Charge a session")),
            (NoShow.FORGIVE, N_("Waive")),
        ),
        default=NoShow.ASK,
    )
    forgiven_no_shows = count_field(
        N_("Free no-shows"), N_("How many are free"), hint=N_("Where a no-show is charged"), maxlength=2
    )
    notice_hours = count_field(
        N_("Cancel at least, hours ahead"), N_("The notice"), hint=N_("Empty: 24. 0: not agreed")
    )

    @classmethod
    def values_of(cls, package: PackageView) -> dict[str, Any]:
        main = next((each for each in package.contents if each.kind == "main"), package.contents[0])
        touch_up = next(
            (each for each in package.contents if each.kind == "touch_up" and each is not main), None
        )
        others = [each for each in package.contents if each is not main and each is not touch_up]
        terms = package.terms
        values: dict[str, Any] = {
            "version": str(package.version),
            "name": package.name,
            "price": package.price,
            "treatment": main.treatment,
            "sessions": main.sessions,
            "single_price": main.single_price,
            "months": terms.expires_after_months or None,
            "forgiven_no_shows": terms.forgiven_no_shows or None,
        }
        for field in ("expires_from", "expires_on", "refund_formula", "no_show", "notice_hours"):
            values[field] = getattr(terms, field)
        if touch_up is not None:
            names = ("touch_up_treatment", "touch_ups", "touch_up_price", "opens_at")
            values |= _values_of_row(touch_up, names)
        for number, content in enumerate(others, start=1):
            values |= _values_of_row(content, _names_of_row(number))
        return values

    @property
    def rows(self) -> list[ContentRow]:
        """Return the rows of more treatments."""
        return [ContentRow(*(self[name] for name in _names_of_row(n))) for n in range(1, MOST_ROWS + 1)]

    @property
    def touch_up_row(self) -> ContentRow:
        """Return the fields of the touch-ups."""
        return ContentRow(self.touch_up_treatment, self.touch_ups, self.touch_up_price, self.opens_at)

    @property
    def has_more(self) -> bool:
        """Return whether a row of more treatments is filled in or invalid."""
        return any(row.is_filled or row.treatment.errors for row in self.rows)

    def validate(self, extra_validators: Any = None) -> bool:
        """Parse all fields; a row that is begun must be complete."""
        is_whole = bool(super().validate(extra_validators))
        begun = [row for row in self.rows if row.is_filled]
        if self.touch_ups.data:
            begun.append(self.touch_up_row)
        # Each of them, so that all their errors show at once.
        wrong = [row for row in begun if not row.complete()]
        return is_whole and not wrong

    def package(self) -> NewPackage:
        main = NewContent(self.treatment.data, self.sessions.number, self.single_price.money, kind="main")
        contents = [main, *(row.content() for row in self.rows if row.is_filled)]
        if self.touch_ups.data:
            contents.insert(1, self.touch_up_row.content("touch_up"))
        return NewPackage(self.name.data, self.price.money, contents, self._terms())

    def _terms(self) -> Terms:
        notice, months = self.notice_hours.data, self.months.data
        return Terms(
            expires_after_months=months,
            expires_on=self.expires_on.data,
            refund_formula=RefundFormula(self.refund_formula.data),
            no_show=NoShow(self.no_show.data),
            forgiven_no_shows=self.forgiven_no_shows.data or 0,
            notice_hours=USUAL_NOTICE_HOURS if notice is None else notice,
            # Without months there is nothing to count from.
            expires_from=ExpiresFrom(self.expires_from.data) if months else ExpiresFrom.SALE,
        )


def _values_of_row(content: ContentView, names: Sequence[str]) -> dict[str, Any]:
    values = (content.treatment, content.sessions, content.single_price, content.usable_from_session)
    return dict(zip(names, values, strict=True))


for _row in range(1, MOST_ROWS + 1):
    for _name, _field in zip(_names_of_row(_row), _fields_of_row(), strict=True):
        setattr(PackageForm, _name, _field)


class SaleForm(Form):
    on_sale = Tick()


class ItemForm(Form):
    """The item in Square that a package is sold as."""

    square_variation_id = Hidden()


class LetterheadForm(Form):
    """The letterhead of every paper."""

    name = Text(
        N_("Clinic"),
        called=N_("The clinic’s name"),
        maxlength=NAME_LENGTH,
        required=True,
        autocomplete="organization",
    )
    address = Paragraph(
        N_("Address"), hint=N_("Up to five lines, as on a letter"), rows=5, autocomplete="street-address"
    )
    phone = Text(N_("Phone"), type="tel", maxlength=40, autocomplete="tel")
    email = Email(N_("E-mail"), autocomplete="email")
    website = Text(N_("Website"), maxlength=254, autocapitalize="none", spellcheck="false")
    country = Choice(N_("Country"))
    page_size = Choice(N_("Paper"), (("letter", N_("Letter, 8.5 × 11 in")), ("a4", N_("A4, 210 × 297 mm"))))
    map_url = Text(
        N_("Map"),
        type="url",
        maxlength=254,
        autocapitalize="none",
        spellcheck="false",
        hint=N_("The link that the map gives under “Share”"),
    )
    parking = Text(
        N_("Parking"),
        called=N_("The sentence on parking"),
        maxlength=NAME_LENGTH,
        hint=N_("Such as: behind the house, two hours free"),
    )
    entrance = Text(
        N_("Entrance"),
        called=N_("The sentence on the entrance"),
        maxlength=NAME_LENGTH,
        hint=N_("Such as: the green door, second floor, no elevator"),
    )
    accent = Text(N_("Color"), type="color")
    voucher_form = Choice(
        N_("Gift vouchers"),
        (
            ("fold", N_("A card on one sheet, folded twice")),
            ("pages", N_("A card as pages, to send or on card stock")),
            ("dl", N_("One sheet in thirds, for a window envelope (DL or #10)")),
        ),
    )
    address_place = Choice(
        N_("Client’s address on letters"),
        (("plain", N_("Beside the amounts")), ("window", N_("Also for a window envelope, with fold marks"))),
        hint=N_("DIN 5008 on A4, a #10 envelope on Letter"),
    )
    legal_name = Text(N_("Legal name"), maxlength=NAME_LENGTH, hint=N_("Empty: the clinic’s name above"))
    tax_id = Text(
        N_("Tax number"),
        maxlength=40,
        autocapitalize="characters",
        spellcheck="false",
        hint=N_("As the tax office writes it"),
    )

    @property
    def changes(self) -> dict[str, Any]:
        """Return the submitted values; fields that were not sent keep their value."""
        return {field.name: field.data or "" for field in self if field.raw_data}


class LogoForm(Form):
    """The logo of the papers; its bytes are read from the files of the request."""

    logo = Upload(
        N_("Picture"),
        required=True,
        accept="image/png,image/jpeg,image/webp",
        hint=N_("PNG, JPEG or WebP, up to 2 MB. Dark on a light or clear ground; wide rather than tall."),
    )


class NumbersForm(Form):
    """How invoices or credit notes are numbered."""

    prefix = Text(N_("Number prefix"), maxlength=12, autocapitalize="characters", spellcheck="false")
    first = count_field(N_("First number"), N_("The first number"), required=True, maxlength=7)


class VersionForm(Form):
    """`version` is the newest one known when the page was opened."""

    version = Hidden()

    @property
    def seen_version(self) -> int:
        """Return the version that was seen; raises InvalidField where the page did not send it."""
        if self.version.number is None:
            raise InvalidField(_("The version is missing."), field="version")
        return self.version.number


class TextForm(VersionForm):
    markdown = Paragraph(N_("Text of the sheet"), rows=22, spellcheck="true", maxlength=16000)
    reviewed = Tick(N_("I have reviewed this text"))


class IntervalForm(Form):
    """How many days the papers suggest between visits."""

    suggested_days = count_field(N_("Days between visits"), N_("The number of days"), hint=N_("Empty: none"))


class FileForm(Form):
    """A file to import; its bytes are read from the files of the request."""

    file = Upload(
        N_("CSV or Excel file"),
        required=True,
        accept=".csv,.tsv,.txt,.xlsx,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        hint=N_(
            "One row for each course. Up to 5 MB and 20,000 rows. You see everything before anything is written."
        ),
    )


class ColumnsForm(Form):
    """The meaning of a file's columns, and what the file itself does not contain."""

    sold_on = Day(
        N_("Date of purchase, where the file has none"),
        hint=N_("Used for every row without a date of its own. Expiration and reports count from it."),
    )
    dates = Choice(
        N_("Dates such as 03/04/2025"),
        (
            ("", N_("As the column’s other dates show")),
            ("month", N_("Month first: March 4")),
            ("day", N_("Day first: 3 April")),
        ),
        said=N_("Choose how the file writes dates."),
    )
    encoding = Hidden()

    def column(self, number: int) -> Choice:
        field: Choice = self[f"column-{number}"]
        return field

    def chosen(self) -> Chosen:
        """Return the choices made for the file."""
        names = {
            int(field.name.removeprefix("column-")): field.data
            for field in self
            if field.name.startswith("column-")
        }
        order = {"day": True, "month": False}.get(self.dates.data)
        return Chosen(names, order, self.sold_on.data, self.encoding.data)


def columns_form_of(numbers: Iterable[int], meanings: Choices = ()) -> type[ColumnsForm]:
    fields = {f"column-{number}": Choice(N_("Holds"), meanings) for number in numbers}
    return type("ColumnsOfFile", (ColumnsForm,), fields)


class ErasureForm(Form):
    """The client's name, typed to confirm, and consent that the sessions left are forfeited."""

    gives_up = Tick(N_("Client forfeits them"))
    name = Text(
        N_("Type the name to confirm"),
        called=N_("The name"),
        required=True,
        maxlength=NAME_LENGTH,
    )


class CloseBooksForm(Form):
    """The last day of the period to lock, and the period on the page."""

    through = Day(N_("Through"), called=N_("The day to close through"), required=True)
    from_ = Hidden(name="from")
    to = Hidden()

    @property
    def last_day(self) -> date:
        assert self.through.data is not None
        return self.through.data


class PeriodForm(Form):
    """The days of a report, both included; empty: this month."""

    from_ = Day(N_("From"), name="from", min="2000-01-01", max="2100-12-31")
    to = Day(N_("Through"), min="2000-01-01", max="2100-12-31")


class FigureForm(Form):
    """The filters of what is behind a figure; the page knows their choices."""

    package = Choice(N_("Package"))
    practitioner = Choice(N_("Practitioner"))


class ActivityForm(PeriodForm):
    """The filters of the activity log; the page knows their choices."""

    who = Choice(N_("Person"))
    what = Choice(N_("What"))
    source = Choice(N_("Where from"))


class PayForm(PeriodForm):
    """The days, and the rate that pay is calculated at. The rate is not saved."""

    basis = Choice(
        N_("Pay is"),
        (
            (Basis.COURSE, N_("a percentage of the session value")),
            (Basis.LIST, N_("a percentage of the single price")),
            (Basis.SESSION, N_("an amount for each session")),
        ),
        default=Basis.COURSE,
        said=N_("Choose what pay is calculated on."),
    )
    rate = Text(N_("Rate"), maxlength=_LONGEST_RATE, inputmode="decimal", default=USUAL_RATE)

    def validate_rate(self, _field: Text) -> None:
        """Refuse an invalid rate of this kind."""
        try:
            self.chosen_rate()
        except InvalidField as error:
            raise ValidationError(error.message) from None

    def chosen_rate(self) -> Rate:
        """Return the rate; raises InvalidField."""
        basis = Basis(self.basis.data) if self.basis.data in list(Basis) else Basis.COURSE
        typed = self.rate.typed or USUAL_RATE
        if basis is not Basis.SESSION:
            return Rate(basis, share=_hundredths(typed))
        clinic = pages.clinic()
        called = _("The amount for a session")
        amount = parsed_amount(typed, clinic.currency, locale_of(clinic), field="rate", called=called)
        return Rate(basis, amount=amount)


def _hundredths(typed: str) -> int:
    said = _("The share is a percentage such as 40 or 42.5.")
    plain = typed.strip().removesuffix("%").strip()
    if not plain or len(plain) > _LONGEST_SHARE or any(ch.isalpha() for ch in plain):
        raise InvalidField(said, field="rate")
    try:
        share = parse_decimal(plain, locale=locale_of(pages.clinic()), strict=True) * 100
    except NumberFormatError:
        raise InvalidField(said, field="rate") from None
    if share != share.to_integral_value():
        raise InvalidField(_("The share has two decimals at most."), field="rate")
    return int(share)
