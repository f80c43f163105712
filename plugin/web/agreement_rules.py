"""What the settings say of course agreements."""

from plugin.courses.agreements.prepare import AgreementRules
from plugin.web import current_services


def agreement_rules() -> AgreementRules:
    """Return the period and the words of the agreements that are shown now."""
    settings = current_services().settings
    words = {tag: getattr(settings, f"agreement_words_{tag}") for tag in ("en", "es", "zh")}
    return AgreementRules(settings.change_of_mind, words)


def agreements_are_on() -> bool:
    """Return whether the clinic has its clients sign agreements."""
    return current_services().settings.course_agreements != "off"


def agreements_are_required() -> bool:
    """Return whether no sale begins at the desk without one."""
    return current_services().settings.course_agreements == "required"
