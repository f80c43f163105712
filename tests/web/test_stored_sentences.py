"""A sentence that was stored in English is read in the language of the screen, and what a person typed as it stands."""

import pytest

from plugin.stored_sentences import in_words


@pytest.mark.parametrize("typed", ["Feb 31, 2026", "Due 12, 2024"])
def test_what_only_looks_like_a_day_stays_as_it_is(typed: str) -> None:
    assert in_words(typed, "es-US") == typed
    assert in_words("Feb 28, 2026", "es-US") == "28 feb 2026"


def test_a_singular_without_its_number_is_read_too() -> None:
    assert (
        in_words("One course was used or changed since, of Ana Ortiz.", "es-US")
        == "Un plan se usó o cambió desde entonces, de Ana Ortiz."
    )
    assert (
        in_words("3 courses were used or changed since, of Ana Ortiz.", "es-US")
        == "3 planes se usaron o cambiaron desde entonces, de Ana Ortiz."
    )


@pytest.mark.parametrize("typed", ["Took 20 minutes", "Bought 2 sessions", "Pain for 2 days"])
def test_what_ends_like_a_count_stays_as_it_was_typed(typed: str) -> None:
    assert in_words(typed, "es-US") == typed
    assert in_words("1,200 sessions", "es-US") == "1,200 sesiones"


def test_what_0_1_0_stored_with_a_straight_apostrophe_is_read_and_names_keep_theirs() -> None:
    assert in_words("Back in Square's directory.", "es-US") == "De nuevo en el directorio de Square."
    assert in_words("This course is Ann O'Brien's already.", "es-US") == "Este plan ya es de Ann O'Brien."


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("Together 9 of 14 sessions unused.", "En total 9 de 14 sesiones sin usar."),
        ("Together $5.00 of $9.00 unused.", "En total $5.00 de $9.00 sin usar."),
        ("A file can’t be used: x.", "No se puede usar un archivo: x."),
        ("Its values are dates, not “Sessions left”", "Sus valores son fechas, no “Sesiones disponibles”"),
        ("By its heading; some values don’t fit", "Por su encabezado; algunos valores no corresponden"),
        ("7 used and 4 left are not the 10 bought.", "7 usadas y 4 disponibles no suman las 10 compradas."),
        ("Sessions bought is missing.", "Falta: Sesiones compradas."),
        ("No-show on Nov 22, 2026: waived", "No se presentó el 22 nov 2026: no se cobra"),
        ("No-show on Nov 22, 2026: forgiven", "No se presentó el 22 nov 2026: no se cobra"),
        ("No-show on Nov 22, 2026: no longer waived", "No se presentó el 22 nov 2026: ya no se perdona"),
        (
            "Square has separated a customer from Ana. Here they are one client.",
            "Square separó a un cliente de Ana. Aquí son un solo cliente.",
        ),
    ],
)
def test_words_that_fill_a_sentence_are_read_with_it(stored: str, read: str) -> None:
    assert in_words(stored, "es-US") == read


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        (
            "Ends on Jan 31, 2027; before it ended on Nov 30, 2026",
            "Termina el 31 ene 2027; antes terminaba el 30 nov 2026",
        ),
        ("Ends never; before it ended on Nov 30, 2026", "No vence; antes terminaba el 30 nov 2026"),
        (
            "No end set: 6 months begin with the first visit",
            "Sin fecha de fin: 6 meses comienzan con la primera visita",
        ),
        (
            "Ends on May 30, 2027: 1 month from the first visit",
            "Termina el 30 may 2027: 1 mes desde la primera visita",
        ),
        ("It expires on Nov 30, 2026 already.", "Ya vence el 30 nov 2026."),
        ("Gift for Ana Ortiz taken back", "Se retiró el regalo para Ana Ortiz"),
        ("Only the ticket was tidied up", "Solo se corrigió el ticket"),
        (
            "Course of 12, booked at $1,980.00, stands on its sale in Square at $900.00 now. The course is as it was.",
            "Course of 12, registrado a $1,980.00, está ahora en su venta en Square a $900.00. El plan está como"
            " estaba.",
        ),
        (
            "Close the course if it was taken off the sale; leave it if only the ticket was tidied up.",
            "Cierre el plan si se quitó de la venta; déjelo si solo se corrigió el ticket.",
        ),
        (
            "The exchange stands. Give the money back in Square, or another way.",
            "El cambio se mantiene. Devuelva el dinero en Square o de otra forma.",
        ),
    ],
)
def test_what_is_worded_otherwise_now_is_still_read(stored: str, read: str) -> None:
    assert in_words(stored, "es-US") == read
