"""Letters to clients, for the owner: which are sent, in which words, and who gets what next."""

from datetime import time
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types

from plugin.core.letters import LetterKind
from plugin.courses.base.words import format_clock
from plugin.courses.letters import kinds
from plugin.courses.letters.sending import PREVIEW_DAYS, coming_letters
from plugin.emails.client_letter import example_letter, rules_of, send_example
from plugin.web import current_services, pages
from plugin.web.access import FRESH_FOR, Screens
from plugin.web.actions import current_act, redirect_to
from plugin.web.format import LANGUAGES, locale_of
from plugin.web.forms import Choice, Email, Form, Paragraph
from plugin.web.owner.forms import SwitchForm
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _

blueprint = Screens("letters", __name__, url_prefix="/clinic/letters")
# The page shows the first; the API has all of them.
MOST_COMING = 100
WHEN: dict[LetterKind, str] = {
    LetterKind.BALANCE_DUE: N_(
        "Three days before the balance is due, and three days after, with the link to pay."
    ),
    LetterKind.EXPIRING: N_("60, 30 and 7 days before the course expires, while sessions are left."),
    LetterKind.FINISHED: N_("Some days after the last session, where no other course has sessions left."),
    LetterKind.LOW: N_("The day after the second-to-last session."),
    LetterKind.TWO_LEFT: N_("The day after the third-to-last session."),
    LetterKind.TOUCH_UP: N_("When a touch-up is due and none is booked."),
    LetterKind.LAPSED: N_("After some weeks without a visit or an appointment, while sessions are left."),
    LetterKind.REVIEW: N_(
        "Once per course, some days after a visit; every client is asked. Requires the address under Clients online."
    ),
}


class WordsForm(Form):
    """The clinic's own opening of a letter in each language of its papers."""

    words_en = Paragraph("English", rows=4, maxlength=kinds.MOST_WORDS, lang="en")
    words_es = Paragraph("Español", rows=4, maxlength=kinds.MOST_WORDS, lang="es")
    words_zh = Paragraph("简体中文", rows=4, maxlength=kinds.MOST_WORDS, lang="zh-Hans")

    @property
    def words(self) -> dict[str, str]:
        """Return what was typed, by language."""
        return {"en": self.words_en.data, "es": self.words_es.data, "zh-Hans": self.words_zh.data}


class TestForm(Form):
    """Whom to send a test letter to, and in which language."""

    to = Email(N_("Send it to"), called=N_("The address"), required=True)
    language = Choice(N_("Language"), LANGUAGES)


@blueprint.get("")
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show all kinds, and who gets which letter in the next days."""
    services = current_services()
    rules = rules_of(services.settings)
    coming = coming_letters(services.store, pages.now(), rules)
    return render_template(
        "owner/letters.html",
        kinds=kinds.list_letter_kinds(services.store),
        titles=kinds.TITLES,
        when=WHEN,
        rules=rules,
        hours=[_clock(hour) for hour in (rules.from_hour, rules.until_hour)],
        can_mail=services.mail.is_ready,
        coming=coming[:MOST_COMING],
        not_shown=len(coming) - MOST_COMING,
        preview_days=PREVIEW_DAYS,
        refusal=refusal,
    )


def _clock(hour: int) -> str:
    return format_clock(time(hour % 24), locale_of(pages.clinic()))


@blueprint.post("/<kind>/switch", refused=show)
def switch(kind: str) -> ResponseReturnValue:
    known, is_on = kinds.letter_kind(kind), SwitchForm.sent().is_on
    kinds.switch_letter(current_services().store, current_act(), known, is_on=is_on)
    title = _(kinds.TITLES[known])
    said = _("“{title}” is sent from now on.", title=title) if is_on else _("“{title}” is off.", title=title)
    return redirect_to("letters.show", said, _anchor=f"k-{known}")


@blueprint.get("/<kind>")
def one(kind: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show how a letter reads in each language, its own words, and the form to send it to oneself."""
    services, known = current_services(), kinds.letter_kind(kind)
    view = next(each for each in kinds.list_letter_kinds(services.store) if each.kind is known)
    values = {kinds.words_field(language): text for language, text in view.words.items()}
    return render_template(
        "owner/letter.html",
        view=view,
        title=kinds.TITLES[known],
        when=WHEN[known],
        form=WordsForm.shown_beside_others(refusal, **values),
        test_form=TestForm.shown_beside_others(refusal, suffix="-test", **_test_values()),
        read=[(tag, name, example_letter(services, known, tag)) for tag, name in LANGUAGES],
        can_mail=services.mail.is_ready,
        refusal=refusal if refusal is not None and not refusal.typed else None,
    )


@blueprint.post("/<kind>", refused=one)
def save(kind: str) -> ResponseReturnValue:
    """Save the clinic's own words."""
    known = kinds.letter_kind(kind)
    kinds.word_letter(current_services().store, current_act(), known, WordsForm.sent().words)
    return redirect_to("letters.one", _("Saved. It reads like this from now on."), kind=known)


@blueprint.post("/<kind>/test", fresh=FRESH_FOR, refused=one)
def test(kind: str) -> ResponseReturnValue:
    """Send the example to an address of the staff."""
    known, form = kinds.letter_kind(kind), TestForm.sent()
    send_example(current_services(), known, form.language.data, form.to.data or "")
    return redirect_to(
        "letters.one",
        _("The test e-mail is on its way to {to}.", to=form.to.data),
        kind=known,
        _anchor="test",
    )


def _test_values() -> dict[str, Any]:
    return {"to": current_user.email, "language": request.args.get("language") or pages.clinic().language}
