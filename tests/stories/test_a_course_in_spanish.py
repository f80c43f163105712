"""A course at a clinic that treats in English and writes to its clients in theirs."""

from typing import Any

from invoices.papers import to_json
from plugin.core.acts import Role
from plugin.courses.accounts.staff import add_staff
from plugin.courses.catalog.names import TypedName, save_names
from plugin.courses.catalog.visit_options import OptionKind, add_option, retire_option
from plugin.courses.clients.clients import change_client
from plugin.courses.handouts.content import aftercare_paper, summary_paper
from plugin.courses.lists.outcomes import Why
from plugin.courses.reports.follow_ups import follow_ups
from plugin.courses.visits.my_day import my_day
from plugin.courses.visits.note_views import NotePlace, read_note
from tests.courses.desk import FACIAL, OLGA, Desk
from tests.courses.notes import draft_note, write_note

JAWLINE, LED = "focus-1", "add_on-7"
PACKAGE = "Facial acupuncture, course of 12"


def _translate(desk: Desk, **spanish: str) -> None:
    names = {"package": PACKAGE, "treatment": FACIAL, "neck": "Neck"}
    typed = [TypedName(names[name], "es", "", text) for name, text in spanish.items()]
    save_names(desk.store, desk.act(OLGA), typed)


def test_ana_s_course_from_the_lists_to_the_follow_up(desk: Desk) -> None:
    """Olga adds “Neck” to the focus areas and writes the names in Spanish beside them. Ana, who speaks Spanish, has
    bought twelve sessions. Before her first visit Dr. Wu prepares a note: jawline and neck, LED light, the points, and
    that she should come back in two weeks. Deb uses the session; the note joins it. Ana's papers are in Spanish, and
    the points are on none of them. Olga retires “Neck”: Ana's visit keeps it. A week later Dr. Wu's day shows the
    visit; Ana stays away, and after two weeks, not six, she is worth a call.
    """
    store = desk.store
    neck = add_option(store, desk.act(OLGA), OptionKind.FOCUS, "Neck")
    course_id = desk.sell()
    _translate(desk, package="Acupuntura facial, 12 sesiones", treatment="Acupuntura facial", neck="Cuello")
    ana = desk.course(course_id).client_id or ""
    change_client(store, desk.act(), ana, name="Ana Souza", language="es")
    hired: dict[str, Any] = {"role": Role.PRACTITIONER, "password_hash": "none", "now": desk.clock()}
    wu = add_staff(store, email="wu@example.org", name="Dr. Wu", **hired).actor

    said = {"option_ids": (JAWLINE, neck.id, LED), "focus": "ceño", "interval_days": 14}
    private = {"points": "KD3, LI4", "observations": "pale tongue"}
    draft_note(store, desk.act(wu), ana, desk.today, practitioner_id=wu.staff_id, **said, **private)
    assert desk.balance(course_id) == (12, 198000)
    desk.use(course_id)
    assert desk.balance(course_id) == (11, 181500)

    (visit,) = desk.course(course_id).visits
    note = read_note(store, desk.act(wu), NotePlace(ana, visit_id=visit.id))
    assert (visit.practitioner, note.content.points) == ("Dr. Wu", "KD3, LI4")
    assert [(each.by, each.what) for each in note.changes] == [
        ("Deb", "joined to the session"),
        ("Dr. Wu", "written"),
    ]

    summary = summary_paper(store, course_id, now=desk.clock())
    assert summary.package_name == "Acupuntura facial, 12 sesiones"
    assert summary.visits[0].treatment == "Acupuntura facial"
    assert summary.visits[0].focus == "Contorno de la mandíbula, Cuello, ceño · Luz LED"
    assert summary.suggested_interval == "Le sugerimos su próxima visita alrededor del 6 dic 2026."
    sheet = aftercare_paper(store, course_id, now=desk.clock())
    assert (sheet.treatment, sheet.focus) == ("Acupuntura facial", summary.visits[0].focus)
    for paper in (summary, sheet):
        assert not any(text in to_json(paper) for text in private.values())

    retire_option(store, desk.act(OLGA), neck.id, is_retired=True)
    assert desk.course(course_id).visits[0].areas == ("Jawline", "Neck")
    write_note(store, desk.act(wu), visit.id, practitioner_id=wu.staff_id, **said, **private)

    desk.clock.advance(days=7)
    desk.use(course_id)
    (mine,) = my_day(store, desk.act(wu))
    assert [each.all_areas for each in mine.past] == [("Jawline", "Neck", "ceño")]
    desk.undo(desk.course(course_id).visits[-1].entry_ids[0])

    desk.clock.advance(days=7)
    assert not [each for each in follow_ups(store, desk.clock()) if each.has(Why.LAPSED)]
    desk.clock.advance(days=1)
    (late,) = [each for each in follow_ups(store, desk.clock()) if each.has(Why.LAPSED)]
    assert (late.name, str(late.due_on)) == ("Ana Souza", "2026-12-06")
    assert desk.balance(course_id) == (11, 181500)
