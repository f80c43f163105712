"""The content of each paper: frozen values, already in the client's and the clinic's own words.

Independent of the ledger and of rendering. A paper is stored as the canonical JSON of these values.
"""

from invoices.papers.account import (
    AccountLine,
    AccountStatement,
    CreditNote,
    Invoice,
    PaidBy,
    Party,
    PaymentLine,
    PayPage,
    RefundedSessions,
    RefundWorking,
    StatementLine,
    TaxLine,
)
from invoices.papers.agreement import (
    AgreementSignature,
    Clause,
    CourseAgreement,
    CourseQuote,
    QuotedTreatment,
    RefundExample,
)
from invoices.papers.course import (
    AftercareSheet,
    AftercareText,
    Allowance,
    AllowanceKind,
    Block,
    CourseStatus,
    CourseSummary,
    LastSession,
    RatedConcern,
    RatingMark,
    Received,
    Run,
    Section,
    SectionRole,
    SheetForm,
    Stamp,
    StampState,
    SummaryVisit,
    TimeRow,
    stamps,
)
from invoices.papers.guide import Guide
from invoices.papers.month import CallReason, CallRow, MonthPoint, OwnersMonth, PackageRow, RollKind, RollLine
from invoices.papers.planner import PlannerForm, PlannerVisit, VisitPlanner
from invoices.papers.prepaid import PrepaidBalance, PrepaidCourse, PrepaidTreatment
from invoices.papers.receipt import Receipt, ReceiptPart
from invoices.papers.shared import (
    Arrival,
    Clinic,
    Logo,
    Money,
    NextVisit,
    OpenHours,
    PageSize,
    PaperFailed,
    PaperRefused,
)
from invoices.papers.voucher import GiftContent, GiftVoucher, ShopPoster, VoucherForm, VoucherLetter
from invoices.papers.welcome import WelcomeContent, WelcomeSheet
from invoices.papers.wire import Paper, content_sha256, from_json, kind_of, to_json
from invoices.papers.year import YEAR_AMOUNTS, YearEnd, YearKind, YearLine, YearRow
