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
from invoices.papers.month import CallReason, CallRow, MonthPoint, OwnersMonth, PackageRow, RollKind, RollLine
from invoices.papers.receipt import (
    YEAR_AMOUNTS,
    PrepaidBalance,
    PrepaidCourse,
    PrepaidTreatment,
    Receipt,
    ReceiptPart,
    YearEnd,
    YearKind,
    YearLine,
    YearRow,
)
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
from invoices.papers.welcome import (
    Guide,
    PlannerForm,
    PlannerVisit,
    VisitPlanner,
    WelcomeContent,
    WelcomeSheet,
)
from invoices.papers.wire import Paper, content_sha256, from_json, kind_of, to_json
