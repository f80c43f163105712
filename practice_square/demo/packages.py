"""The packages of the demo clinic: a course of 10 sessions and one of 12 with touch-ups."""

from plugin.core.acts import Act
from plugin.core.money import Money
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.views import PackageView
from plugin.courses.catalog.names import TypedName, save_names
from plugin.courses.catalog.packages import NewContent, NewPackage, create_package, list_packages
from plugin.store import Store

FACIAL = "Facial acupuncture, 60 min"
TOUCH_UP = "Touch-up, 45 min"
SINGLE_VISIT = 16500
# What clients of the demo read in their languages.
NAMES = {
    FACIAL: {"es": "Acupuntura facial, 60 min", "zh": "面部针灸，60分钟"},
    TOUCH_UP: {"es": "Retoque, 45 min", "zh": "巩固护理，45分钟"},
    "Facial acupuncture, course of 10": {"es": "Acupuntura facial, 10 sesiones", "zh": "面部针灸疗程，10次"},
    "Facial acupuncture, course of 12": {"es": "Acupuntura facial, 12 sesiones", "zh": "面部针灸疗程，12次"},
}


def default_catalog(store: Store, act: Act) -> tuple[PackageView, ...]:
    """Create the courses of 10 and of 12 where there is no package yet; return all packages."""
    present = list_packages(store, only_active=False).rows
    if present:
        return present
    currency = read_clinic(store).currency
    for name, package in (("10", _ten(currency)), ("12", _twelve(currency))):
        create_package(store, Act(act.actor, act.now, f"starting-catalogue-{name}"), package)
    typed = [
        TypedName(name, language, was="", text=text)
        for name, texts in NAMES.items()
        for language, text in texts.items()
    ]
    save_names(store, Act(act.actor, act.now, "starting-catalogue-names"), typed)
    return list_packages(store).rows


def _ten(currency: str) -> NewPackage:
    single = Money(SINGLE_VISIT, currency)
    contents = (NewContent(FACIAL, 10, single, kind="main"),)
    return NewPackage("Facial acupuncture, course of 10", Money(165000, currency), contents)


def _twelve(currency: str) -> NewPackage:
    single = Money(SINGLE_VISIT, currency)
    contents = (
        NewContent(FACIAL, 12, single, kind="main"),
        NewContent(TOUCH_UP, 2, single, usable_from_session=12, kind="touch_up"),
    )
    return NewPackage("Facial acupuncture, course of 12", Money(198000, currency), contents)
