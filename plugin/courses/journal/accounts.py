"""The accounts that the journal posts to: their roles, the usual chart, and the owner's, read and saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from plugin.core.ledger import Kind
from plugin.core.text import clean, optional
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.sheet import FORMULA_SIGNS
from plugin.courses.base.work import Work, allowed, reading
from plugin.courses.reports.books import EARNED_AHEAD, IMPORTED
from plugin.errors import InvalidField
from plugin.store.documents import JournalChart
from plugin.wording import N_, _

LONGEST_NAME, LONGEST_NUMBER = 100, 20


class Role(StrEnum):
    """What an account is for."""

    CLEARING = "clearing"
    CASH = "cash"
    OTHER_TENDERS = "other_tenders"
    SALES_TAX = "sales_tax"
    TIPS = "tips"
    DEFERRED = "deferred"
    GIFT_VOUCHERS = "gift_vouchers"
    GIFT_CARDS = "gift_cards"
    TRANSFERS = "transfers"
    TO_CLARIFY = "to_clarify"
    OPENING = "opening"
    EARNED = "earned"
    OTHER_SALES = "other_sales"
    WRITTEN_OFF = "written_off"
    REFUND_DIFFERENCE = "refund_difference"
    ADJUSTMENTS = "adjustments"
    FEES = "fees"


class Type(StrEnum):
    """The five types of accounts, as plain-text accounting names their roots."""

    ASSET = "Assets"
    LIABILITY = "Liabilities"
    EQUITY = "Equity"
    INCOME = "Income"
    EXPENSE = "Expenses"


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the owner's books call it."""

    role: Role
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class RoleInfo:
    """The type of a role's account, its usual number and name, and what it holds."""

    type: Type
    number: str
    name: str
    holds: str


ROLES: Mapping[Role, RoleInfo] = {
    Role.CLEARING: RoleInfo(
        Type.ASSET, "1050", N_("Square clearing"), N_("What Square takes in and pays out to the bank.")
    ),
    Role.CASH: RoleInfo(Type.ASSET, "1060", N_("Cash drawer"), N_("Cash taken for packages.")),
    Role.OTHER_TENDERS: RoleInfo(
        Type.ASSET, "1070", N_("Payments outside Square"), N_("Bank transfers, checks and other payments.")
    ),
    Role.SALES_TAX: RoleInfo(
        Type.LIABILITY, "2200", N_("Sales tax payable"), N_("Tax on what was paid, less tax refunded.")
    ),
    Role.TIPS: RoleInfo(
        Type.LIABILITY,
        "2250",
        N_("Tips payable"),
        N_("Tips paid with packages, or by a link."),
    ),
    Role.DEFERRED: RoleInfo(
        Type.LIABILITY,
        "2300",
        N_("Deferred revenue"),
        N_("What clients have paid for sessions not used yet."),
    ),
    Role.GIFT_VOUCHERS: RoleInfo(
        Type.LIABILITY,
        "2310",
        N_("Gift vouchers"),
        N_("The same, of courses whose gift voucher is not redeemed."),
    ),
    Role.GIFT_CARDS: RoleInfo(
        Type.LIABILITY, "2320", N_("Square gift cards"), N_("Packages paid with a Square gift card.")
    ),
    Role.TRANSFERS: RoleInfo(
        Type.LIABILITY,
        "2390",
        N_("Moved between courses"),
        N_("Totals zero: each move out has its move in."),
    ),
    Role.TO_CLARIFY: RoleInfo(
        Type.LIABILITY, "2990", N_("Payments to clarify"), N_("Money that belongs to no session.")
    ),
    Role.OPENING: RoleInfo(
        Type.EQUITY, "3900", N_("Opening balance"), N_("Courses sold before Coursekeeper, as imported.")
    ),
    Role.EARNED: RoleInfo(
        Type.INCOME, "4000", N_("Session revenue"), N_("Earned by use, session by session.")
    ),
    Role.OTHER_SALES: RoleInfo(
        Type.INCOME,
        "4100",
        N_("Other sales"),
        N_("What else was on a ticket with a package: retail, surcharges."),
    ),
    Role.WRITTEN_OFF: RoleInfo(
        Type.INCOME,
        "4200",
        N_("Sessions written off"),
        N_("Only what you wrote off yourself. Never automatically."),
    ),
    Role.REFUND_DIFFERENCE: RoleInfo(
        Type.INCOME,
        "4300",
        N_("Kept at refunds"),
        N_("Value of the sessions removed less the money refunded, by the refund rule of the package."),
    ),
    Role.ADJUSTMENTS: RoleInfo(
        Type.INCOME, "4900", N_("Adjustments of courses"), N_("Value added to or taken from courses by hand.")
    ),
    Role.FEES: RoleInfo(
        Type.EXPENSE,
        "6100",
        N_("Square fees"),
        N_("Processing fees, less what refunds gave back."),
    ),
}


def usual_chart() -> dict[Role, Account]:
    """Return the accounts of a clinic that has chosen none."""
    return {role: Account(role, info.number, info.name[:]) for role, info in ROLES.items()}


def checked_account(role: Role, number: str, name: str) -> Account:
    """Return the account as typed; raises InvalidField with the field `number:ROLE` or `name:ROLE`."""
    number, name = clean(number), clean(name)
    if not name:
        raise InvalidField(_("Each account needs a name."), field=f"name:{role}")
    for text, field, most in ((number, "number", LONGEST_NUMBER), (name, "name", LONGEST_NAME)):
        if len(text) > most:
            raise InvalidField(_("At most {most} characters fit.", most=most), field=f"{field}:{role}")
        # A spreadsheet, on its way to the accounting program, would run it as a formula.
        if text.startswith(FORMULA_SIGNS) or '"' in text:
            raise InvalidField(_("Begin with a letter or a digit, without quotes."), field=f"{field}:{role}")
    return Account(role, number, name)


def refuse_doubles(chart: Mapping[Role, Account]) -> None:
    """Raise InvalidField where accounts of different types share a number, or one number has two names."""
    by_number: dict[str, Account] = {}
    by_name: dict[str, Account] = {}
    for each in chart.values():
        for known, key, field in (
            (by_number, each.number, "number"),
            (by_name, each.name.casefold(), "name"),
        ):
            other = known.setdefault(key, each) if key else each
            if not _are_one(each, other):
                raise InvalidField(
                    _("{name} has it already, as another account.", name=other.name),
                    field=f"{field}:{each.role}",
                )


def _are_one(each: Account, other: Account) -> bool:
    """Return whether two roles may stand for the same account: wholly equal, and of one type."""
    is_same = (each.number, each.name.casefold()) == (other.number, other.name.casefold())
    return is_same and ROLES[each.role].type is ROLES[other.role].type


# The name that Xero gives it in the United States.
USUAL_TAX_RATE = "Tax Exempt (0%)"


@dataclass(frozen=True, slots=True)
class Chart:
    """The accounts by role. `is_money_elsewhere`: payments, tax, tips and fees are booked by Square's connector."""

    accounts: Mapping[Role, Account]
    xero_tax_rate: str = USUAL_TAX_RATE
    is_money_elsewhere: bool = False


def chart_in(session: Session) -> Chart:
    """Return the chart, the usual one where none was saved."""
    row, usual = session.get(JournalChart, 1), usual_chart()
    if row is None:
        return Chart(usual)
    chosen = {
        role: Account(role, *row.accounts[role]) if role in row.accounts else account
        for role, account in usual.items()
    }
    return Chart(chosen, row.xero_tax_rate, row.is_money_elsewhere)


read_chart = reading(chart_in)


@allowed()
def save_chart(
    work: Work,
    typed: Mapping[Role, tuple[str, str]],
    *,
    xero_tax_rate: str,
    is_money_elsewhere: bool,
) -> Chart:
    """Save numbers and names of the accounts; raises InvalidField. A role that is not typed keeps its account."""
    rate = optional(xero_tax_rate, field="xero_tax_rate", called=_("The tax rate"), most=80) or USUAL_TAX_RATE
    before = chart_in(work.session)
    typed_accounts = {role: checked_account(role, *each) for role, each in typed.items()}
    accounts = {**before.accounts, **typed_accounts}
    refuse_doubles(accounts)
    chart = Chart(accounts, rate, is_money_elsewhere)
    if chart != before:
        work.session.merge(
            JournalChart(
                id=1,
                accounts={role.value: [each.number, each.name] for role, each in chart.accounts.items()},
                xero_tax_rate=chart.xero_tax_rate,
                is_money_elsewhere=chart.is_money_elsewhere,
                changed_at=work.now,
                by=work.act.actor.name,
            )
        )
        changed = [each for each in accounts.values() if before.accounts[each.role] != each]
        record_in(work, Did.JOURNAL_CHART_CHANGED, after=", ".join(map(_shown, changed)))
    return chart


def _shown(account: Account) -> str:
    return f"{account.role.value}: {account.number} {account.name}"


class Section(StrEnum):
    """The entries of a month, each balanced by itself, in their order."""

    PAYMENTS = "payments"
    USED = "used"
    REFUNDS = "refunds"
    FEES = "fees"
    GIFTS = "gifts"
    CHANGES = "changes"


TITLES: Mapping[Section, str] = {
    Section.PAYMENTS: N_("Payments"),
    Section.USED: N_("Sessions used"),
    Section.REFUNDS: N_("Refunds"),
    Section.FEES: N_("Square fees"),
    Section.GIFTS: N_("Gift vouchers"),
    Section.CHANGES: N_("Write-offs and changes"),
}

# What waits as a gift voucher is no entry of the ledger.
GIVEN = "given"


@dataclass(frozen=True, slots=True)
class Posting:
    """The section of a kind of amount, and what it is called."""

    section: Section
    called: str


# What the ledger's value added to a course is debited to; value taken from it the other way round.
AGAINST_DEFERRED: Mapping[str, Role] = {
    Kind.SOLD.value: Role.ADJUSTMENTS,
    Kind.PAID.value: Role.CLEARING,
    IMPORTED: Role.OPENING,
    Kind.USED.value: Role.EARNED,
    EARNED_AHEAD: Role.EARNED,
    Kind.REFUNDED.value: Role.REFUND_DIFFERENCE,
    Kind.EXPIRED.value: Role.WRITTEN_OFF,
    Kind.WRITTEN_OFF.value: Role.WRITTEN_OFF,
    Kind.ADJUSTED.value: Role.ADJUSTMENTS,
    # The reversal of a reversal, which no use case writes: it must not be lost either.
    Kind.REVERSED.value: Role.ADJUSTMENTS,
    Kind.TRANSFERRED_OUT.value: Role.TRANSFERS,
    Kind.TRANSFERRED_IN.value: Role.TRANSFERS,
    # A gift voucher waits: its course's value stands in another account meanwhile.
    GIVEN: Role.GIFT_VOUCHERS,
}

POSTINGS: Mapping[str, Posting] = {
    Kind.PAID.value: Posting(Section.PAYMENTS, N_("Paid for courses")),
    IMPORTED: Posting(Section.PAYMENTS, N_("Imported courses")),
    "tax": Posting(Section.PAYMENTS, N_("Tax")),
    "tip": Posting(Section.PAYMENTS, N_("Tips")),
    "other": Posting(Section.PAYMENTS, N_("Other on the ticket")),
    "tender": Posting(Section.PAYMENTS, N_("Not paid by card")),
    Kind.USED.value: Posting(Section.USED, N_("Sessions used")),
    EARNED_AHEAD: Posting(Section.USED, N_("Paid after use")),
    Kind.REFUNDED.value: Posting(Section.REFUNDS, N_("Sessions removed")),
    "refund_money": Posting(Section.REFUNDS, N_("Refunded for courses")),
    "refund_tax": Posting(Section.REFUNDS, N_("Tax refunded")),
    "refund_tip": Posting(Section.REFUNDS, N_("Tips refunded")),
    "refund_other": Posting(Section.REFUNDS, N_("Other goods refunded")),
    "refund_tender": Posting(Section.REFUNDS, N_("Not refunded to a card")),
    "fee": Posting(Section.FEES, N_("Square fees")),
    "refund_fee": Posting(Section.FEES, N_("Square fees of refunds")),
    GIVEN: Posting(Section.GIFTS, N_("Vouchers given and redeemed")),
    Kind.SOLD.value: Posting(Section.CHANGES, N_("Value sold")),
    Kind.EXPIRED.value: Posting(Section.CHANGES, N_("Expired, written off by you")),
    Kind.WRITTEN_OFF.value: Posting(Section.CHANGES, N_("Written off by you")),
    Kind.ADJUSTED.value: Posting(Section.CHANGES, N_("Adjusted")),
    Kind.REVERSED.value: Posting(Section.CHANGES, N_("Adjusted")),
    Kind.TRANSFERRED_OUT.value: Posting(Section.CHANGES, N_("Moved between courses")),
    Kind.TRANSFERRED_IN.value: Posting(Section.CHANGES, N_("Moved between courses")),
}
