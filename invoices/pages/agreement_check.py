"""Limits of an agreement: nothing of it is shortened silently, and a drawn signature is a path and nothing else."""

import re

from invoices.pages.cleantext import length
from invoices.papers import Clause, CourseAgreement, PaperRefused

CLAUSE_CAP = 600
CLAUSES_CAP = 12
SENTENCES_CAP = 12
PATH_CAP = 16_000
_PATH = re.compile("(?:M[0-9]{1,3} [0-9]{1,3}(?:L[0-9]{1,3} [0-9]{1,3})+)+")
_SHA256 = re.compile("[0-9a-f]{64}")


def check_agreement(paper: CourseAgreement) -> CourseAgreement:
    """Return the agreement; raises PaperRefused for too much text, or a signature that is none."""
    check_clauses((*paper.before, *paper.after))
    if len(paper.contents) > CLAUSES_CAP:
        raise PaperRefused(f"An agreement holds {CLAUSES_CAP} treatments; this package has more.")
    signed = paper.signature
    if signed is None:
        return paper
    if not _SHA256.fullmatch(signed.shown_sha256):
        raise PaperRefused("A signature names the agreement that it is for.")
    if (signed.way == "drawn") != bool(signed.path) or (signed.path and not is_path(signed.path)):
        raise PaperRefused("A drawn signature is a path of lines.")
    return paper


def check_clauses(clauses: tuple[Clause, ...]) -> None:
    """Raise PaperRefused for more or longer clauses than a paper holds."""
    is_long = any(length(said) > CLAUSE_CAP for each in clauses for said in each.sentences)
    is_many = len(clauses) > CLAUSES_CAP or any(len(each.sentences) > SENTENCES_CAP for each in clauses)
    if is_long or is_many:
        raise PaperRefused(
            f"An agreement holds {CLAUSES_CAP} subjects of sentences up to {CLAUSE_CAP} characters."
        )


def is_path(path: str) -> bool:
    """Return whether this is a drawn signature: lines between whole numbers, and not too many."""
    return len(path) <= PATH_CAP and _PATH.fullmatch(path) is not None
