"""The forms of the desk and the practitioner."""

from dataclasses import replace
from typing import Any

from wtforms import ValidationError  # type: ignore[import-untyped]  # ships no types

from plugin.core.money import Money
from plugin.core.terms import RefundFormula
from plugin.core.text import NAME_LENGTH, NOTE_LENGTH
from plugin.courses.attention.kind import Resolution
from plugin.courses.base.views import CourseView
from plugin.courses.changes.adjust import Adjustment
from plugin.courses.changes.expiry import Extension
from plugin.courses.changes.gifts import NewGift, Share
from plugin.courses.clients.clients import LONGEST_ADDRESS
from plugin.courses.clients.contacts import TypedContact, typed_language
from plugin.courses.quotes.make import LONGEST_CONCERN, LONGEST_RHYTHM
from plugin.courses.refunds.desk_refunds import OWN
from plugin.courses.sales.checkouts import NewCheckout
from plugin.courses.visits.no_shows import Missed
from plugin.courses.visits.use import UseSession
from plugin.errors import InvalidField
from plugin.web import current_services, pages
from plugin.web.format import LANGUAGES, language_name
from plugin.web.forms import (
    Amount,
    Choice,
    Choices,
    Count,
    Day,
    Email,
    Form,
    Hidden,
    LongText,
    Paragraph,
    Phone,
    ReasonForm,
    Several,
    Text,
    Tick,
    count_field,
    reason_field,
)
from plugin.web.translations import N_, _

# To choose from at once.
MOST_PACKAGES = 100


def default_language() -> str:
    """Return the language of a new client's papers: the clinic's own, if the desk can choose it."""
    offered, own = current_services().settings.offered_languages, pages.clinic().language
    return own if own in offered else offered[0]


class Language(Choice):
    """The language of a client's papers: one on offer, or the one already stored."""

    def pre_validate(self, _form: Form) -> None:
        """Refuse an unknown language."""
        try:
            typed_language(self.data)
        except InvalidField as error:
            raise ValidationError(error.message) from None

    @property
    def offered(self) -> Choices:
        tags = current_services().settings.offered_languages
        listed = tuple((tag, dict(LANGUAGES)[tag]) for tag in tags)
        if self.data in tags:
            return listed
        name = dict(LANGUAGES).get(self.data) or language_name(self.data, pages.clinic())
        return ((self.data, name), *listed)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the submitted value; where there is none, the clinic's language."""
        self.data = valuelist[0] if valuelist and valuelist[0] else default_language()


class ClientForm(Form):
    """A client's contact details; `course_id` and `package_id` are what the client is created for."""

    name = Text(
        N_("Name"),
        called=N_("The name"),
        maxlength=NAME_LENGTH,
        required=True,
        autocapitalize="words",
    )
    sounds_like = Text(
        N_("Sounds like (optional)"),
        called=N_("How the name sounds"),
        hint=N_("How to say the name, such as SHIV-awn. On no paper."),
        maxlength=NAME_LENGTH,
        autocapitalize="off",
        spellcheck="false",
    )
    phone = Phone(N_("Phone"))
    email = Email(N_("E-mail"), hint=N_("For their papers"))
    language = Language(N_("Language of papers"), default=default_language)
    course_id = Hidden()
    package_id = Hidden()

    @property
    def contact(self) -> TypedContact:
        """Return the details as a use case takes them."""
        return TypedContact(
            name=self.name.data,
            phone=self.phone.data,
            email=self.email.data,
            language=self.language.data,
            sounds_like=self.sounds_like.data,
        )


class EditClientForm(ClientForm):
    """The contact details of a known client, with whether they want e-mails."""

    postal_address = Paragraph(
        N_("Address on invoices (optional)"),
        called=N_("The address"),
        hint=N_("Where none is typed, that of the Square profile is printed."),
        rows=3,
        maxlength=LONGEST_ADDRESS,
    )
    wants_mail = Tick(N_("E-mail their papers after each visit"))
    large_print = Tick(N_("Print their papers in large type"))
    has_mail_choice = Hidden()

    @property
    def address(self) -> str | None:
        """Return the address that was typed, None where the form did not ask: a page that was kept is older."""
        return self.postal_address.data if self.postal_address.raw_data else None

    @property
    def print_choice(self) -> bool | None:
        """Return whether in large type, None where the form did not ask."""
        return self.large_print.data if self.has_mail_choice.data else None

    @property
    def mail_choice(self) -> bool | None:
        """Return the choice, None where the form did not ask: browsers send nothing for an unticked box."""
        return self.wants_mail.data if self.has_mail_choice.data else None


class UseForm(Form):
    """One tap that uses a session. `guest_id`: the visiting client with whom the course is shared."""

    guest_id = Hidden()
    allowance_id = Hidden()
    known_charges = Hidden()

    @property
    def known(self) -> int:
        """Return the number of that day's charges already shown to the desk; none at first."""
        return self.known_charges.number or 0


class ArrivalForm(UseForm):
    """The decision about a booked visit."""

    course_id = Hidden()
    decision = Hidden()
    entry_id = Hidden()
    reason = reason_field(N_("Reason (optional)"), is_required=False)

    @property
    def chosen(self) -> dict[str, Any]:
        """Return the course and the treatment that were shown, as a use case takes them."""
        return {
            "course_id": self.course_id.data or None,
            "allowance_id": self.allowance_id.data or None,
            "known_charges": self.known,
        }


class OwnClientsForm(Form):
    """Whether Today shows only one's own clients: "yes" or "no"."""

    own = Hidden()


class UndoForm(Form):
    """Why a session is undone, and on whose page."""

    reason = reason_field(N_("Reason (optional)"), is_required=False)
    client_id = Hidden()


class PaperMailForm(Form):
    """A paper sent by e-mail, and on whose page it was asked for."""

    client_id = Hidden()


class VisitForm(UseForm):
    """A visit of another day, of another person, or with several sessions."""

    allowance_id = Choice(N_("Treatment"))
    visited_on = Day(N_("Date"), called=N_("The date"), required=True)
    sessions = count_field(N_("Sessions"), required=True, maxlength=2, default=1)
    client_id = Choice(N_("Who attended?"))
    practitioner_id = Choice(N_("Practitioner"))
    focus = Text(
        N_("Focus (optional)"),
        hint=N_("Printed on the course summary."),
        maxlength=NOTE_LENGTH,
    )
    note = Paragraph(N_("Note (optional)"), hint=N_("Stays here, not on papers."), maxlength=NOTE_LENGTH)

    def wish(self, course_id: str) -> UseSession:
        return UseSession(
            course_id=course_id,
            allowance_id=self.allowance_id.data or None,
            sessions=self.sessions.number,
            visited_on=self.visited_on.data,
            client_id=self.client_id.data or None,
            practitioner_id=self.practitioner_id.data or None,
            focus=self.focus.data,
            note=self.note.data,
        )


class VisitDetailsForm(Form):
    """The practitioner, the focus for the papers, and a note that stays at the clinic."""

    practitioner_id = Choice(N_("Practitioner"))
    focus = Text(
        N_("Focus"),
        hint=N_("One short line. Printed on the course summary."),
        maxlength=NOTE_LENGTH,
    )
    note = Paragraph(N_("Note"), hint=N_("Stays here, not on papers."), maxlength=NOTE_LENGTH)
    client_id = Hidden()
    # Of the note as the page shows it.
    version = Hidden()


class UnforcedForm(Form):
    """A change with an optional reason."""

    reason = reason_field(N_("Reason (optional)"), is_required=False)


class FirstExpirationForm(Form):
    """The last day of a course that has none yet."""

    expires_on = Day(N_("Expires"))
    shorten = Tick(N_("Set a date in the past"))
    reason = reason_field()

    def validate_expires_on(self, field: Day) -> None:
        """Refuse a form without a day."""
        if field.data is None:
            raise ValidationError(_("Choose the last day."))

    def wish(self) -> Extension:
        """Return the new last day."""
        return Extension(self.expires_on.data, self.reason.data, is_shortening=self.shorten.data)


class ExtensionForm(FirstExpirationForm):
    """A new last day of a course, or none."""

    never = Tick(N_("No expiration"))
    shorten = Tick(N_("Set an earlier date than agreed"))

    def validate_expires_on(self, field: Day) -> None:
        """Refuse a form with neither a day nor "no expiration"."""
        if field.data is None and not self.never.data:
            raise ValidationError(_("Choose the last day, or tick that there is no expiration."))

    def wish(self) -> Extension:
        """Return the new last day."""
        wish = super().wish()
        return replace(wish, expires_on=None) if self.never.data else wish


class ShareForm(UnforcedForm):
    client_id = Hidden()
    until = Day(N_("Until"), hint=N_("Leave empty for no end date"))

    def wish(self) -> Share:
        """Return with whom, and until when."""
        return Share(self.client_id.data, self.until.data, self.reason.data)


class EndShareForm(UnforcedForm):
    share_id = Hidden()


class GiftForm(UnforcedForm):
    """The recipient of a course that becomes a gift."""

    recipient_name = Text(
        N_("Recipient"),
        called=N_("The recipient’s name"),
        required=True,
        maxlength=NAME_LENGTH,
        hint=N_("The name on the voucher"),
    )
    message = Paragraph(N_("Message on the voucher (optional)"), maxlength=NOTE_LENGTH, rows=2)

    def wish(self) -> NewGift:
        return NewGift(self.recipient_name.data, self.message.data, self.reason.data)


class TransferForm(ReasonForm):
    """The receiver of transferred sessions; `transfer_form_of` adds a field for each treatment."""

    client_id = Hidden()

    @property
    def counts(self) -> list[Count]:
        """Return the fields of the treatments."""
        return [field for field in self if field.name.startswith("n-")]

    @property
    def parts(self) -> dict[str, int]:
        """Return how many sessions are transferred, by allowance."""
        return {field.name.removeprefix("n-"): field.data or 0 for field in self.counts}

    def check(self) -> None:
        """Refuse a transfer of nothing."""
        super().check()
        if not any(self.parts.values()):
            raise InvalidField(
                _("Choose how many sessions are transferred."),
                field=self.counts[0].name if self.counts else None,
            )


def transfer_form_of(course: CourseView) -> type[TransferForm]:
    fields = {
        f"n-{each.id}": count_field(
            each.treatment, N_("The number"), default=each.left, hint=N_("of {left} left", left=each.left)
        )
        for each in course.allowances
        if each.left
    }
    reason = reason_field(hint=N_("Shown in the history of both courses."))
    return type("TransferOfCourse", (TransferForm,), {**fields, "reason": reason})


class AdjustmentForm(Form):
    """Sessions that are added to a course or removed from it."""

    allowance_id = Choice(N_("Treatment"))
    way = Choice(
        N_("Change"),
        (
            ("more", N_("Add sessions")),
            ("fewer", N_("Remove sessions with their share of the value")),
            ("fewer_keeping", N_("Remove sessions, keep value")),
        ),
        default="more",
    )
    sessions = count_field(N_("How many?"), required=True, maxlength=2)
    value = Amount(
        N_("Value (optional)"),
        called=N_("The value"),
        hint=N_("For added sessions. Empty: goodwill, no value"),
    )
    reason = reason_field()

    def wish(self) -> Adjustment:
        is_more = self.way.data == "more"
        return Adjustment(
            self.sessions.number if is_more else -self.sessions.number,
            self.reason.data,
            self.allowance_id.data or None,
            value=self.value.data if is_more else None,
            keeps_value=self.way.data == "fewer_keeping",
        )


class EarlyUseForm(Form):
    """How many sessions may be used before they are paid."""

    allowance_id = Choice(N_("Treatment"))
    sessions = count_field(N_("How many more may be used?"), required=True)
    reason = reason_field()


class FreezeForm(ReasonForm):
    """A course is put on hold. What becomes of its appointments is asked where its plan has any."""

    has_appointments = Hidden()
    appointments = Choice(
        N_("What happens to these appointments?"), said=N_("Choose what happens to the appointments.")
    )

    def ask_appointments(self) -> None:
        """Offer the answers; the form that is sent then requires one."""
        self.has_appointments.data = "1"
        self.appointments.choices = (("cancel", _("Cancel them in Square")), ("keep", _("Keep them")))

    def validate_appointments(self, field: Choice) -> None:
        """Require an answer where it was asked."""
        if self.has_appointments.data and field.data not in ("cancel", "keep"):
            raise ValidationError(field.said)


class MissedForm(UseForm):
    """A missed visit: what happened, and whether a session is charged."""

    allowance_id = Choice(N_("Treatment"))
    how = Choice(
        N_("What happened?"),
        (("no_show", N_("No-show")), ("late_cancellation", N_("Late cancellation"))),
        default="no_show",
    )
    missed_on = Day(N_("Date"))
    decision = Choice(
        N_("Charge a session?"),
        (("forgive", N_("Waive")), ("charge", N_("Charge a session"))),
        said=N_("Choose whether a session is charged."),
    )

    def wish(self) -> Missed:
        return Missed(self.decision.data, self.how.data, self.missed_on.data, self.allowance_id.data or None)


class RefundForm(Form):
    """The amount, formula and reason of a refund. The page that reviews it sends `minor` and `seen`."""

    choice = Choice(N_("Refund amount"), said=N_("Choose the refund amount."))
    amount = Amount(N_("Amount"), called=N_("The amount"))
    reason = reason_field(hint=N_("Shown in history and sent to Square."))
    minor = Hidden()
    seen = Hidden()

    def validate_choice(self, field: Choice) -> None:
        """Refuse an unknown formula."""
        if field.data not in (OWN, *RefundFormula):
            raise ValidationError(field.said)

    def validate_amount(self, field: Amount) -> None:
        """Check the amount only where it is chosen."""
        if self.choice.data != OWN:
            field.errors = []
        elif field.data is None and not field.errors:
            raise ValidationError(_("The amount is missing."))

    @property
    def minor_units(self) -> int:
        """Return the amount that was reviewed, in minor units."""
        return self.minor.number or 0


class PaymentForm(Form):
    """How a sale or the difference of an exchange is paid. `supplied_minor`: a round sum, one tap."""

    way = Hidden()
    device_id = Hidden()
    supplied = Amount(N_("Cash received"), called=N_("The cash"))
    supplied_minor = Hidden()
    tender = Text(N_("Other"), called=N_("How it was paid"), maxlength=80)
    mail_to = Email(N_("E-mail"))
    seen = Hidden()

    @property
    def cash(self) -> Money | None:
        """Return the cash received, None for the exact sum and for other payments."""
        if self.way.data != "cash":
            return None
        round_sum = self.supplied_minor.number
        return self.supplied.data if round_sum is None else Money(round_sum, self.meta.currency)

    @property
    def seen_credit(self) -> int:
        """Return the credit that was shown for an exchange, in minor units; raises InvalidField."""
        if self.seen.number is None:
            raise InvalidField(_("The credit is missing."), field="way")
        return self.seen.number

    def wish(self, **more: Any) -> NewCheckout:
        """Return the sale to begin."""
        return NewCheckout(
            way=self.way.data,
            supplied=self.cash,
            tender=self.tender.data,
            device_id=self.device_id.data or None,
            mail_to=self.mail_to.data,
            **more,
        )


class SellForm(PaymentForm):
    """A package sold to a client, with the dates of an invoice."""

    client_id = Hidden()
    package_id = Hidden()
    deposit = Amount(N_("Deposit (optional)"), called=N_("The deposit"))
    deposit_due_on = Day(N_("Deposit due"))
    balance_due_on = Day(N_("Balance due"))

    def sale(self) -> NewCheckout:
        is_invoice = self.way.data == "invoice"
        dates = {
            field.name: field.data if is_invoice else None
            for field in (self.deposit, self.deposit_due_on, self.balance_due_on)
        }
        return self.wish(client_id=self.client_id.data, package_id=self.package_id.data, **dates)


class LetterForm(Form):
    """The recipient of a payment link."""

    mail_to = Email(N_("Or by e-mail"), called=N_("The e-mail address"), required=True)


class NewAgreementForm(Form):
    """The agreement of a package to prepare, and how it is to be signed."""

    client_id = Hidden()
    package_id = Hidden()
    then = Hidden()


class QuoteForm(Form):
    package_id = Choice(N_("Package"), said=N_("Choose a package."))
    concern = LongText(
        N_("What they would like help with, in their own words (optional)"),
        called=N_("The concern"),
        hint=N_("Printed on the quote. Write what they said, no diagnosis."),
        maxlength=LONGEST_CONCERN,
    )
    rhythm = Text(
        N_("How often to come (optional)"),
        called=N_("How often"),
        hint=N_("In the client’s language. Empty: the interval of the treatment."),
        maxlength=LONGEST_RHYTHM,
    )
    valid_until = Day(N_("Valid until"), called=N_("The date"), required=True)


class PaperSignatureForm(Form):
    """The name under an agreement that was signed on paper."""

    name = Text(N_("Name of who signed"), called=N_("The name"), required=True, maxlength=120)


class ClaimForm(Form):
    """The courses of a recent sale that belong to a client."""

    course_id = Several()


class VoucherForm(Form):
    """The code of a gift voucher, and the client who redeems it."""

    code = Text(
        N_("Voucher code"),
        called=N_("The voucher’s code"),
        required=True,
        maxlength=20,
        autocapitalize="characters",
        spellcheck="false",
        hint=N_("12 letters and digits, such as 7KQM-X3FD-92HT"),
    )
    client_id = Hidden()
    q = Hidden()


class DecisionForm(Form):
    """The decision about an attention item."""

    decision = Hidden()
    reason = reason_field(N_("Reason (optional)"), is_required=False)
    client_id = Hidden()
    course_id = Hidden()
    package_id = Hidden()
    sessions = count_field(N_("Sessions"))
    amount = Count(called=N_("The amount"))

    def wish(self, usual_reason: str) -> Resolution:
        """Return the decision; the usual reason is used where none was typed."""
        return Resolution(
            reason=self.reason.data or usual_reason,
            client_id=self.client_id.data or None,
            course_id=self.course_id.data or None,
            sessions=self.sessions.data,
            amount=self.amount.data,
            decision=self.decision.data or None,
            package_id=self.package_id.data or None,
        )


class MoveForm(Form):
    client_id = Hidden()


class BatchForm(Form):
    """The clients whose papers are printed, and which papers.

    `shown_q` is the search of the list as shown, `rows` how many of it were; `more` asks for further ones.
    """

    list = Hidden()
    q = Hidden()
    shown_q = Hidden()
    rows = Hidden()
    more = Hidden()
    client = Several()
    everyone = Tick()
    paper = Several()
    form = Hidden()
