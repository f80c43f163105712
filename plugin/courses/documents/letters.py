"""Documents that wait for a font: none is issued, and none drawn, with a letter that no font here has.

A document takes its number only once all of its letters can be printed, so that a name that was mended is on it.
"""

from collections.abc import Callable

from invoices.pages.fit import fit
from invoices.papers import GiftVoucher, Paper, PaperRefused
from invoices.press.glyphs import Missing, is_printed, missing
from plugin.core.acts import Act
from plugin.courses.base.attention import open_item, settle_item_in
from plugin.courses.base.outbox import Job
from plugin.courses.base.work import Work, transact
from plugin.errors import Refused
from plugin.store import Store
from plugin.wording import N_, _

MISSING_LETTERS = "missing_letters"
_SETTLED = N_("Its letters can be printed now.")


def refuse_missing_letters(paper: Paper, has: Callable[[str], bool] = is_printed) -> None:
    """Raise Refused for a paper that can't be printed whole, with whose it is and what to do."""
    try:
        lacking = missing(fit(paper), has=has)
    except PaperRefused as error:
        raise Refused(str(error), code="paper_refused") from None
    if lacking:
        raise Refused(_sentence(paper, lacking), code=MISSING_LETTERS)


def ask_for_letters(store: Store, act: Act, job: Job, refusal: Refused) -> None:
    """Open the attention item of a document that waits, once."""

    def work(under: Work) -> None:
        open_item(
            under,
            kind=MISSING_LETTERS,
            dedupe=_mark(job),
            summary=refusal.message,
            details={"job": job.kind, "subject": job.subject},
        )

    transact(store, act, work)


def settle_letters(store: Store, act: Act, job: Job) -> None:
    """Resolve the item of a document that waited and is issued or drawn now."""
    transact(store, act, lambda work: settle_item_in(work.session, work.act, _mark(job), _SETTLED))


def _mark(job: Job) -> str:
    return f"letters:{job.kind}:{job.subject}"


def _sentence(paper: Paper, lacking: tuple[Missing, ...]) -> str:
    letters = ", ".join(f"{each.sample} ({each.script})" for each in lacking)
    packages = " ".join(dict.fromkeys(each.package for each in lacking if each.package))
    name = _person(paper)
    if not packages:
        return _(
            "A paper for {name} waits: no font has {letters}. Write the name or text without them.",
            name=name,
            letters=letters,
        )
    return _(
        "A paper for {name} waits: no font here has {letters}. Correct the name or text, or install {packages} where "
        "Coursekeeper runs and start it again.",
        name=name,
        letters=letters,
        packages=packages,
    )


def _person(paper: Paper) -> str:
    if isinstance(paper, GiftVoucher):
        return paper.recipient_name
    billed_to = getattr(paper, "billed_to", None)
    return billed_to.name if billed_to is not None else paper.clinic.name
