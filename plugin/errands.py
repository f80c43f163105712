"""Every errand the worker runs: what is owed to Square, and letters to clients. One for each kind in the outbox."""

from __future__ import annotations

from plugin.courses.papers.visit_mail import VISIT_MAIL
from plugin.letters.visit import give_up_visit_mail, mail_visit
from plugin.square.errand import Errand
from plugin.square.errands import ERRANDS as TO_SQUARE

ERRANDS: dict[str, Errand] = {
    **TO_SQUARE,
    VISIT_MAIL: Errand(mail_visit, give_up_visit_mail),
}
