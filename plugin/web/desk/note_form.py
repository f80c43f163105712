"""The form of a visit note: mostly taps; points and observations only for those who treat."""

from typing import Any, Self

from plugin.core.text import NOTE_LENGTH
from plugin.courses.visits.note_views import NoteContent, NoteView
from plugin.courses.visits.notes import PRIVATE_LENGTH
from plugin.errors import InvalidField
from plugin.web.forms import Choice, Form, Hidden, Paragraph, Several, Text, count_field
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, N_n, _

# The usual intervals, one tap each; any other number of days is typed.
INTERVALS = (7, 14, 21, 28, 42, 56, 91)


class DeskNoteForm(Form):
    """What the front desk may read and write of a note. `version` is the one it was opened at."""

    practitioner_id = Choice(N_("Practitioner"))
    option = Several()
    focus = Text(
        N_("Other focus"),
        hint=N_("In your own words; printed on the papers."),
        maxlength=NOTE_LENGTH,
    )
    interval = Choice(
        N_("Next visit"),
        (
            ("", N_("As usual")),
            *(
                (
                    str(days),
                    N_n("{n} week", "{n} weeks", days // 7),
                )
                for days in INTERVALS
            ),
        ),
        said=N_("Choose one of the intervals."),
    )
    interval_days = count_field(N_("Or in so many days"), N_("The number of days"))
    note = Text(
        N_("Note for the clinic"),
        hint=N_("Everyone who signs in reads it. Not on papers."),
        maxlength=NOTE_LENGTH,
    )
    version = Hidden()
    back = Hidden()

    @classmethod
    def shown_note(cls, note: NoteView, refusal: Refusal | None, *, back: str = "") -> Self:
        """Return the form of a note, or as it was sent where it was refused."""
        return cls.shown(refusal, **cls._values(note), back=back)

    @classmethod
    def _values(cls, note: NoteView) -> dict[str, Any]:
        content = note.content
        is_usual = content.interval_days in INTERVALS
        return {
            "practitioner_id": content.practitioner_id or "",
            "option": list(content.option_ids),
            "focus": content.focus,
            "interval": str(content.interval_days) if is_usual else "",
            "interval_days": None if is_usual else content.interval_days,
            "note": content.note,
            "version": str(note.version),
        }

    @property
    def seen_version(self) -> int:
        """Return the version that was seen; raises InvalidField where the page did not send it."""
        if self.version.number is None:
            raise InvalidField(_("The version is missing."), field="version")
        return self.version.number

    @property
    def content(self) -> NoteContent:
        """Return what was written; a typed number of days counts before a tapped one."""
        return NoteContent(
            practitioner_id=self.practitioner_id.data or None,
            option_ids=tuple(self.option.data or ()),
            focus=self.focus.data,
            note=self.note.data,
            interval_days=self.interval_days.data
            or (int(self.interval.data) if self.interval.data else None),
            **self._private(),
        )

    def _private(self) -> dict[str, Any]:
        return {}


class NoteForm(DeskNoteForm):
    """All of a note, for those who treat."""

    points = Paragraph(N_("Points"), rows=3, maxlength=PRIVATE_LENGTH)
    observations = Paragraph(N_("Observations"), rows=4, maxlength=PRIVATE_LENGTH)

    @classmethod
    def _values(cls, note: NoteView) -> dict[str, Any]:
        private = {name: getattr(note.content, name) or "" for name in ("points", "observations")}
        return super()._values(note) | private

    def _private(self) -> dict[str, Any]:
        return {"points": self.points.data, "observations": self.observations.data}
