"""The points a clinic for facial acupuncture starts with; practices' lists differ, so a practitioner reviews them.

Where each comes from is shown beside the list. Nothing here is medical advice.
"""

from typing import NamedTuple

from plugin.wording import N_


class Point(NamedTuple):
    """A point in the languages of clients, and who names it, for staff."""

    en: str
    es: str
    zh: str
    source: str

    def text(self, language: str) -> str:
        return str(getattr(self, language))


POINTS = (
    Point(
        "I am or may be pregnant",
        "Estoy o podría estar embarazada",
        "我怀孕了或可能怀孕",
        "the-facialist.co.uk",
    ),
    Point(
        "I take blood thinners or daily aspirin, or I bleed easily",
        "Tomo anticoagulantes o aspirina a diario, o sangro con facilidad",
        "我在服用抗凝药或每天服用阿司匹林，或容易出血",
        "centennialacupuncture.com, the-facialist.co.uk",
    ),
    Point(
        "I have a pacemaker or another implant",
        "Llevo un marcapasos u otro implante",
        "我装有起搏器或其他植入物",
        N_("general knowledge: it matters where a current is used"),
    ),
    Point(
        "I have a fever, a cold or feel ill today",
        "Hoy tengo fiebre, un resfriado o me siento mal",
        "我今天发烧、感冒或身体不适",
        "livewelltcm.com",
    ),
    Point(
        "I have a cold sore, shingles, a wound or an infection of the skin",
        "Tengo un herpes labial, herpes zóster, una herida o una infección de la piel",
        "我有唇疱疹、带状疱疹、伤口或皮肤感染",
        "the-facialist.co.uk",
    ),
    Point(
        "I had Botox, filler, a laser or a peel in the last three months",
        "En los últimos tres meses me pusieron bótox o relleno, o me hicieron láser o peeling",
        "我在最近三个月内做过肉毒素、填充、激光或换肤",
        N_("pointofhealingacupuncture.com (90 days); others say 2 weeks"),
    ),
    Point(
        "I have epilepsy, or had a stroke, a heart attack or surgery in the last six months",
        "Tengo epilepsia, o tuve un ictus, un infarto o una operación en los últimos seis meses",
        "我患有癫痫，或在最近六个月内中风、心梗或做过手术",
        "the-facialist.co.uk",
    ),
    Point(
        "I am being treated for cancer",
        "Estoy en tratamiento por un cáncer",
        "我正在接受癌症治疗",
        "the-facialist.co.uk",
    ),
    Point(
        "I am allergic to metal",
        "Soy alérgica o alérgico a algún metal",
        "我对金属过敏",
        N_("general knowledge"),
    ),
)


def starting_points() -> dict[str, list[str]]:
    """Return the points by language, as a version of the list holds them."""
    return {language: [each.text(language) for each in POINTS] for language in ("en", "es", "zh")}
