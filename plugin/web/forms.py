"""Forms of the screens: fields parse input in the clinic's locale, and all errors show at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any, Self

import wtforms  # type: ignore[import-untyped]  # ships no types
from babel import Locale
from babel.numbers import NumberFormatError, format_decimal, parse_decimal
from flask import request
from markupsafe import Markup, escape
from werkzeug.datastructures import MultiDict
from wtforms.meta import DefaultMeta  # type: ignore[import-untyped]
from wtforms.widgets.core import clean_key  # type: ignore[import-untyped]

from plugin.core.money import LARGEST_AMOUNT, Money, minor_digits
from plugin.core.opening_hours import DAY_MINUTES
from plugin.core.text import NOTE_LENGTH, REASON_LENGTH, optional, required
from plugin.courses.clients.contacts import typed_email, typed_phone, written_phone
from plugin.errors import InvalidField
from plugin.web import pages
from plugin.web.format import locale_of
from plugin.web.refusals import InvalidForm, Refusal
from plugin.web.tables import whole_number
from plugin.web.translations import N_, _

_MOST_DIGITS = 24
# WTForms' own arguments; everything else is an attribute of the control.
_OPTIONS = ("name", "default")

Choices = Sequence[tuple[str, str]]


class _Meta(DefaultMeta):  # type: ignore[misc]
    """CSRF is checked for all requests at once; an invalid field refers to its error message."""

    def render_field(self, field: Any, render_kw: Mapping[str, Any]) -> Markup:
        """Render the control of a field with the ids of its descriptions."""
        attributes = {**(field.render_kw or {}), **render_kw}
        if field.errors:
            attributes |= {"aria_invalid": "true", "aria_describedby": f"{field.id}-wrong"}
        elif field.description:
            attributes.setdefault("aria_describedby", f"{field.id}-hint")
        drawn: Markup = field.widget(field, **attributes)
        return drawn


class Form(wtforms.Form):  # type: ignore[misc]
    """A form of a page. `suffix` makes its ids distinct from those of its twins on the same page."""

    Meta = _Meta

    def __init__(
        self, formdata: MultiDict[str, str] | None = None, *, suffix: str = "", **options: Any
    ) -> None:
        super().__init__(formdata, **options)
        for field in self:
            field.id = field.label.field_id = f"{field.id}{suffix}"

    @classmethod
    def sent(cls, **context: Any) -> Self:
        """Return the submitted form; raises InvalidForm that names every invalid field."""
        form = cls(request.form, meta=context)
        form.check()
        return form

    @classmethod
    def asked(cls, **context: Any) -> Self:
        """Return the form whose fields are in the query string; raises InvalidForm as `sent` does."""
        form = cls(request.args, meta=context)
        form.check()
        return form

    @classmethod
    def shown(
        cls, refusal: Refusal | None = None, *, suffix: str = "", of: object = None, **values: Any
    ) -> Self:
        """Return the form with these values and those of a view, or, if it was refused, as it was sent with its errors.

        The refusal of another form of the page leaves the values and adds its message.
        """
        form = cls(suffix=suffix, obj=of, data=values)
        if refusal is None:
            return form
        if form.is_in(refusal.typed):
            form = cls(refusal.typed, suffix=suffix)
        by_name = {field.name: field for field in form}
        for name, message in refusal.errors.items():
            if name in by_name:
                by_name[name].errors = [message]
            else:
                form.form_errors.append(message)
        for field in form:
            if isinstance(field, _Typed) and field.is_lost and not field.errors:
                field.errors = [
                    _(
                        "“{label}”: please type it again. For safety it is not kept in the page.",
                        label=field.label.text,
                    )
                ]
        return form

    @classmethod
    def shown_beside_others(cls, refusal: Refusal | None, *, suffix: str = "", **values: Any) -> Self:
        """Return the form as `shown` does, untouched by the refusal of another form of the page."""
        return cls.shown(cls.refusal_of(refusal), suffix=suffix, **values)

    @classmethod
    def refusal_of(cls, refusal: Refusal | None) -> Refusal | None:
        return refusal if refusal is not None and cls().is_in(refusal.typed) else None

    def is_in(self, typed: MultiDict[str, str]) -> bool:
        """Return whether any field a person sees was sent; several forms of a page send the same hidden ones."""
        return any(field.name in typed for field in self if not isinstance(field, Hidden))

    def check(self) -> None:
        """Parse all fields; raises InvalidForm."""
        if not self.validate():
            of_form = {"": self.form_errors[0]} if self.form_errors else {}
            raise InvalidForm({**of_form, **{field.name: field.errors[0] for field in self.wrong}})

    @property
    def wrong(self) -> list[Any]:
        """Return the invalid fields, in their order on the page."""
        return [field for field in self if field.errors]

    @property
    def is_wrong(self) -> bool:
        return bool(self.wrong or self.form_errors)


def _named(field: wtforms.Field, **attributes: Any) -> Markup:
    """Return the attributes of the control of a field, as `html_params` of WTForms does: by name, escaped."""
    attributes = {"id": field.id, "name": field.name, **attributes}
    written = " ".join(
        clean_key(name) if value is True else f'{clean_key(name)}="{escape(value)}"'
        for name, value in sorted(attributes.items())
        if value is not False
    )
    return Markup(written)  # noqa: S704 - escaped above


def _drawn_line(field: _Typed, **attributes: Any) -> Markup:
    return Markup(f"<input {_named(field, **{'type': 'text', 'value': field.typed, **attributes})}>")  # noqa: S704 - escaped there


class _Typed(wtforms.StringField):  # type: ignore[misc]
    """A line of text: it shows what was typed, `data` is the parsed value. `called`: its name in errors.

    `usual`: the attributes of the control that a field need not name; `is_kept`: whether a form that was refused shows
    again what was typed here.
    """

    usual: Mapping[str, Any] = {}
    is_kept = True
    widget = staticmethod(_drawn_line)

    def __init__(self, label: str = "", *, called: str = "", hint: str = "", **attributes: Any) -> None:
        # WTForms creates a field for each form and passes the underscored arguments.
        options = {key: value for key, value in attributes.items() if key[0] == "_" or key in _OPTIONS}
        # A browser of the desk is shared: it offers what was typed before only where a field asks for that.
        named = {"autocomplete": "off", **self.usual, **attributes}
        drawn = {key: value for key, value in named.items() if key not in options}
        self.called = called or label
        super().__init__(label, description=hint, render_kw=drawn, **options)

    @property
    def is_required(self) -> bool:
        return bool(self.render_kw.get("required"))

    @property
    def is_lost(self) -> bool:
        """Return whether something was typed that the page does not show again."""
        return not self.is_kept and bool(self.raw_data and self.raw_data[0])

    def read(self, text: str) -> Any:
        """Return the parsed value, None for an empty field; raises InvalidField."""
        self._refuse_missing(text)
        return self.parsed(text.strip()) if text.strip() else None

    def parsed(self, text: str) -> Any:
        """Return the value of what was typed; raises InvalidField."""
        raise NotImplementedError

    def process_formdata(self, valuelist: list[str]) -> None:
        """Parse the submitted text."""
        try:
            self.data = self.read(valuelist[0] if valuelist else "")
        except InvalidField as error:
            raise ValueError(error.message) from None

    def written(self) -> str:
        return str(self.data)

    @property
    def typed(self) -> str:
        """Return the text of the field."""
        return self._value()

    def _value(self) -> str:
        if not self.is_kept:
            return ""
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.written()

    def _refuse_missing(self, text: str) -> None:
        if self.is_required and not text.strip():
            raise InvalidField(_("{called} is missing.", called=self.called), field=self.name)


class Text(_Typed):
    """One line of text, cleaned, "" for none."""

    data: str

    def read(self, text: str) -> str:
        """Return the text; raises InvalidField where it is missing or too long."""
        most = int(self.render_kw.get("maxlength", NOTE_LENGTH))
        check = required if self.is_required else optional
        return check(text, field=self.name, called=self.called, most=most)


class Upload(Text):
    """A file, whose bytes are read from the files of the request."""

    usual = {"type": "file", "autocomplete": False}


class Password(_Typed):
    """A password, unchanged; it is never shown again."""

    data: str
    is_kept = False

    usual = {"type": "password"}

    def read(self, text: str) -> str:
        """Return the password; raises InvalidField where it is missing, too short or too long."""
        self._refuse_missing(text)
        shortest, longest = self.render_kw.get("minlength", 0), self.render_kw.get("maxlength", NOTE_LENGTH)
        if not shortest <= len(text) <= longest:
            if len(text) < shortest:
                raise InvalidField(_("A password has at least {n} characters.", n=shortest), field=self.name)
            raise InvalidField(_("A password has at most {n} characters.", n=longest), field=self.name)
        return text


def _drawn_paragraph(field: Paragraph, **attributes: Any) -> Markup:
    # A browser drops the first line break.
    start = "\n" if field.typed.startswith(("\n", "\r")) else ""
    return Markup(f"<textarea {_named(field, **attributes)}>{start}{escape(field.typed)}</textarea>")  # noqa: S704 - escaped


class Paragraph(_Typed):
    """Several lines, as they were typed; the use case checks their content."""

    data: str
    widget = staticmethod(_drawn_paragraph)

    def read(self, text: str) -> str:
        return text


class LongText(Text):
    """A text in a box of several lines, cleaned to one paragraph, "" for none."""

    widget = staticmethod(_drawn_paragraph)


class Email(_Typed):
    """An e-mail address, None for none."""

    data: str | None
    usual = {"type": "email", "maxlength": 254}

    def parsed(self, text: str) -> str:
        """Return the address in its normal form."""
        return typed_email(text, field=self.name)


class Phone(_Typed):
    """A phone number in E.164, None for none."""

    data: str | None
    usual = {"type": "tel", "maxlength": 40}

    def parsed(self, text: str) -> str:
        """Return the number, parsed as dialed in the clinic's country."""
        return typed_phone(text, pages.clinic().country)

    def written(self) -> str:
        """Return the number as it is dialed in the clinic's country."""
        return written_phone(str(self.data), pages.clinic().country)


class Count(_Typed):
    """A whole number, None for none."""

    data: int | None

    def parsed(self, text: str) -> int:
        if len(text) > _MOST_DIGITS or not text.isdecimal():
            raise InvalidField(
                _("{called} is a whole number, such as 12.", called=self.called), field=self.name
            )
        return int(text)

    @property
    def number(self) -> int:
        """Return the number of a required field."""
        assert self.data is not None
        return self.data


class Day(_Typed):
    """A day, None for none."""

    data: date | None
    usual = {"type": "date"}

    def parsed(self, text: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise InvalidField(
                _("{called}: enter a date such as 2026-11-30.", called=self.called), field=self.name
            ) from None


class TimeOfDay(_Typed):
    """A time of day as minutes since midnight, None for none. `is_end`: 00:00 is the end of the day, 1440."""

    data: int | None
    usual = {"type": "time"}

    def __init__(self, label: str = "", *, is_end: bool = False, **more: Any) -> None:
        self.is_end = is_end
        super().__init__(label, **more)

    def parsed(self, text: str) -> int:
        if text == "24:00" and self.is_end:
            return DAY_MINUTES
        try:
            read = time.fromisoformat(text)
        except ValueError:
            raise InvalidField(
                _("{called} is a time such as 09:00 or 17:30.", called=self.called), field=self.name
            ) from None
        return read.hour * 60 + read.minute or (DAY_MINUTES if self.is_end else 0)

    def written(self) -> str:
        """Return the time as a browser's field has it."""
        assert self.data is not None
        return "{:02}:{:02}".format(*divmod(self.data % DAY_MINUTES, 60))


def parsed_amount(text: str, currency: str, locale: Locale, *, field: str, called: str) -> Money:
    """Parse an amount such as 1,980.00 exactly; raises InvalidField for anything else or too many decimals."""
    plain = text.strip().replace("\N{NO-BREAK SPACE}", " ").lstrip("$€£¥ ").strip()
    refusal = InvalidField(_("{called} is an amount such as 165 or 1,980.00.", called=called), field=field)
    if not plain or len(plain) > _MOST_DIGITS or any(ch.isalpha() for ch in plain):
        raise refusal
    try:
        amount = parse_decimal(plain, locale=locale, strict=True)
    except NumberFormatError:
        raise refusal from None
    minor = amount.scaleb(minor_digits(currency))
    if minor != minor.to_integral_value() or abs(minor) > LARGEST_AMOUNT:
        raise refusal
    return Money(int(minor), currency)


class Amount(_Typed):
    """An amount of money, None for none: in the form's currency, by default the clinic's."""

    data: Money | None
    usual = {"inputmode": "decimal", "maxlength": _MOST_DIGITS}

    def parsed(self, text: str) -> Money:
        """Return the exact amount."""
        currency = getattr(self.meta, "currency", "") or pages.clinic().currency
        locale = locale_of(pages.clinic())
        return parsed_amount(text, currency, locale, field=self.name, called=self.called)

    def written(self) -> str:
        """Return the amount without its currency symbol."""
        assert self.data is not None
        digits = minor_digits(self.data.currency)
        pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
        amount = Decimal(self.data.amount).scaleb(-digits)
        return str(format_decimal(amount, format=pattern, locale=locale_of(pages.clinic())))

    @property
    def money(self) -> Money:
        """Return the amount of a required field."""
        assert self.data is not None
        return self.data


def _drawn_choices(field: Choice, **attributes: Any) -> Markup:
    options = "".join(
        f'<option value="{escape(value)}"{" selected" if value == field.data else ""}>{escape(text)}</option>'
        for value, text in field.offered
    )
    return Markup(f"<select {_named(field, **attributes)}>{options}</select>")  # noqa: S704 - escaped


class Choice(wtforms.Field):  # type: ignore[misc]
    """One of a list of (value, text); `said` is the error for any other value."""

    data: str
    widget = staticmethod(_drawn_choices)

    def __init__(
        self, label: str = "", choices: Choices = (), *, hint: str = "", said: str = "", **options: Any
    ) -> None:
        super().__init__(label, description=hint, **options)
        self.choices: Choices = choices
        self.said = said or _("Choose one of those in the list.")

    @property
    def offered(self) -> Choices:
        return self.choices

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the submitted value; where there is none, the initial one."""
        self.data = valuelist[0] if valuelist and valuelist[0] else str(self.default or "")

    def pre_validate(self, _form: Form) -> None:
        """Refuse a value that is not on the list; a list that only the page has is checked by the use case."""
        if self.choices and self.data not in [value for value, _other in self.choices]:
            raise wtforms.ValidationError(self.said)


class Tick(wtforms.BooleanField):  # type: ignore[misc]
    data: bool


class Hidden(wtforms.HiddenField):  # type: ignore[misc]
    """A hidden value that a page sends along; "" where there is none."""

    data: str

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the submitted value."""
        self.data = valuelist[0] if valuelist else ""

    @property
    def number(self) -> int | None:
        """Return the whole number that a page sent, None for anything else."""
        return whole_number(self.data, _MOST_DIGITS)


class Several(wtforms.Field):  # type: ignore[misc]
    """The ticked values of a list; the use case checks them."""

    data: list[str]

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read all submitted values."""
        self.data = valuelist


def reason_field(
    label: str = N_("Reason"), *, hint: str = N_("Shown in history."), is_required: bool = True
) -> Text:
    more = {"required": True} if is_required else {}
    return Text(label, called=N_("The reason"), hint=hint, maxlength=REASON_LENGTH, **more)


class ReasonForm(Form):
    reason = reason_field()


def count_field(label: str, called: str = N_("The number of sessions"), **attributes: Any) -> Count:
    return Count(label, called=called, **{"inputmode": "numeric", "maxlength": 3, **attributes})
