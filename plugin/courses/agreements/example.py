"""A refund worked with the numbers of a package, as it would be after a few sessions."""

from invoices.papers import Money as PaperMoney
from invoices.papers import RefundedSessions, RefundExample, RefundWorking
from plugin.core.money import Money
from plugin.core.refund_value import FORMULAS, Agreed, Sessions
from plugin.core.terms import RefundFormula
from plugin.courses.base.views import ContentView, PackageView
from plugin.courses.catalog.names import Names

_USED = 4


def refund_example(package: PackageView, names: Names) -> RefundExample | None:
    """Return what is paid back after four main sessions, or fewer of a short package; None for a single one."""
    main = [each for each in package.contents if each.kind == "main"]
    used = min(_USED, sum(each.sessions for each in main) - 1)
    if used < 1 or not package.price.amount:
        return None
    parts = _parts(package.contents, used)
    agreed = Agreed(package.price, package.price, Money(0, package.price.currency))
    formula = package.terms.refund_formula
    amount = FORMULAS[formula](agreed, parts, lambda money: str(money.amount)).amount
    sessions = tuple(
        RefundedSessions(
            treatment=names(each.treatment),
            used=each.used,
            removed=each.left,
            single_price=PaperMoney(each.single_price, package.price.currency),
        )
        for each in parts
    )
    return RefundExample(
        used=used,
        total=sum(each.sessions for each in main),
        working=RefundWorking(
            package_name=names(package.name),
            paid=PaperMoney(package.price.amount, package.price.currency),
            sessions=sessions,
            formula="prorated" if formula is RefundFormula.PRORATED else "discount_forfeited",
        ),
        amount=PaperMoney(amount.amount, amount.currency),
    )


def _parts(contents: tuple[ContentView, ...], used: int) -> list[Sessions]:
    """Return the contents with so many main sessions used, the first treatments first."""
    parts = []
    for each in contents:
        taken = min(used, each.sessions) if each.kind == "main" else 0
        used -= taken
        parts.append(Sessions(each.treatment, taken, each.sessions - taken, each.single_price.amount))
    return parts
