"""Every errand the worker runs: what is owed to Square, and letters to clients. One for each kind in the outbox."""

from __future__ import annotations

from plugin.courses.handouts.visit_email import VISIT_MAIL
from plugin.emails.visit_email import give_up_visit_mail, mail_visit
from plugin.square.job import JobHandler
from plugin.square.jobs import JOBS as TO_SQUARE

JOBS: dict[str, JobHandler] = {
    **TO_SQUARE,
    VISIT_MAIL: JobHandler(mail_visit, give_up_visit_mail),
}
