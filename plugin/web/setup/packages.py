"""The set-up's step of the packages: a starting catalog, published to Square or linked to what it sells already."""

from dataclasses import dataclass, replace
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from plugin.core.money import Money, minor_digits
from plugin.core.terms import ExpiresFrom, Terms
from plugin.core.text import NAME_LENGTH
from plugin.courses.catalog.links import publications
from plugin.courses.catalog.packages import NewContent, NewPackage, create_package, list_packages
from plugin.errors import CoursekeeperError
from plugin.services import Services
from plugin.square.catalog import publish as publish_to_square
from plugin.square.connection.status import is_connected
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.actions import Notice, current_act, flash_notice, redirect_after_post, redirect_to
from plugin.web.forms import Amount, Choice, Count, Form, Text, Tick, count_field
from plugin.web.owner.packages import add_publishing_views
from plugin.web.refusals import Refusal
from plugin.web.setup.frame import frame_of, next_address, note_done
from plugin.web.translations import N_, _

PUBLISH, LINK = "publish", "link"
TREATMENT = N_("Facial acupuncture")
_SINGLE_VISIT = 165
_SESSIONS = {1: N_("Single session"), 10: N_("Course of 10"), 12: N_("Course of 12")}
ROWS = range(1, len(_SESSIONS) + 1)


@dataclass(frozen=True, slots=True)
class CatalogRow:
    """The fields of one package of the starting catalog."""

    sells: Tick
    name: Text
    sessions: Count
    price: Amount
    months: Count

    def complete(self) -> bool:
        """Mark the missing required fields; return whether none is missing."""
        for field in (self.name, self.sessions, self.price):
            if not field.typed.strip() and not field.errors:
                field.errors = [_("{called} is missing.", called=field.called)]
        return not any(field.errors for field in (self.name, self.sessions, self.price, self.months))


class CatalogForm(Form):
    treatment = Text(N_("Treatment"), called=N_("The treatment"), maxlength=NAME_LENGTH, required=True)
    way = Choice(
        N_("In Square"),
        ((PUBLISH, N_("Create them as new items")), (LINK, N_("We sell them already: link the items next"))),
        default=PUBLISH,
    )
    single_price = Amount(N_("Price of a single session"), called=N_("The single price"), required=True)

    @classmethod
    def starting(cls, currency: str) -> dict[str, Any]:
        """Return the values of the catalog before anybody has changed it."""
        single = Money(_SINGLE_VISIT * 10 ** minor_digits(currency), currency)
        values: dict[str, Any] = {"treatment": TREATMENT, "single_price": single}
        for number, (sessions, label) in zip(ROWS, _SESSIONS.items(), strict=True):
            name = f"{TREATMENT}, {label.lower()}"
            values |= {
                f"sells_{number}": True,
                f"name_{number}": name,
                f"sessions_{number}": sessions,
                f"price_{number}": Money(single.amount * sessions, currency),
            }
        return values

    @property
    def is_to_publish(self) -> bool:
        """Return whether the packages become new items in Square at once."""
        return bool(self.way.data == PUBLISH)

    @property
    def rows(self) -> list[CatalogRow]:
        return [CatalogRow(*(self[name] for name in _fields_of_row(number))) for number in ROWS]

    def validate(self, extra_validators: Any = None) -> bool:
        """Parse all fields; a package that is not sold needs none of its own."""
        is_whole = bool(super().validate(extra_validators))
        chosen = [row for row in self.rows if row.sells.data]
        if not chosen:
            self.form_errors.append(_("Choose at least one package, or do this later."))
        # Each of them, so that all their errors show at once.
        wrong = [row for row in chosen if not row.complete()]
        for row in self.rows:
            if row not in chosen:
                for field in (row.name, row.sessions, row.price, row.months):
                    field.errors = []
        is_whole = is_whole or not self.wrong
        return is_whole and bool(chosen) and not wrong

    def packages(self) -> list[NewPackage]:
        return [
            NewPackage(
                row.name.data,
                row.price.money,
                [NewContent(self.treatment.data, row.sessions.number, self.single_price.money, kind="main")],
                Terms(expires_after_months=row.months.data, expires_from=ExpiresFrom.SALE),
            )
            for row in self.rows
            if row.sells.data
        ]


def _fields_of_row(number: int, label: str = "") -> dict[str, Any]:
    return {
        f"sells_{number}": Tick(label),
        f"name_{number}": Text(N_("Name"), called=N_("The name"), maxlength=NAME_LENGTH),
        f"sessions_{number}": count_field(N_("Sessions")),
        f"price_{number}": Amount(N_("Price"), called=N_("The price")),
        f"months_{number}": count_field(
            N_("Expires after, months"), N_("Expiry"), hint=N_("Empty: no expiration")
        ),
    }


for _row, _label in zip(ROWS, _SESSIONS.values(), strict=True):
    for _name, _field in _fields_of_row(_row, _label).items():
        setattr(CatalogForm, _name, _field)


blueprint = Screens("setup_packages", __name__, url_prefix="/first-steps/packages")
_SHOWN = 50


@blueprint.get("")
def show(refusal: Refusal | None = None, package_id: str = "", **more: Any) -> ResponseReturnValue:
    """Show the starting catalog; once there are packages, how each stands in Square."""
    services = current_services()
    return render_template(
        "setup/packages.html",
        **frame_of("packages"),
        packages=list_packages(services.store, limit=_SHOWN).rows,
        form=CatalogForm.shown(refusal, **CatalogForm.starting(pages.clinic().currency)),
        is_connected=is_connected(services),
        owed=publications(services.store),
        refusal=refusal if package_id else None,
        refused_package=package_id,
        **{"searched_package": "", "q": "", "items": (), **more},
    )


@blueprint.post("", refused=show)
def create() -> ResponseReturnValue:
    """Create the chosen packages and, with Square connected, publish them."""
    services, act, form = current_services(), current_act(), CatalogForm.sent()
    # A key for each: the same form sent again creates none twice.
    made = [
        create_package(services.store, replace(act, key=f"{act.key}-{number}"), new).id
        for number, new in enumerate(form.packages())
    ]
    note_done("packages")
    if not (form.is_to_publish and is_connected(services)):
        return redirect_to("setup_packages.show")
    problems = [problem for package_id in made if (problem := _publish(services, package_id))]
    if problems:
        return redirect_to(
            "setup_packages.show",
            Notice(_("Saved, but not in Square yet. {problems}", problems=problems[0]), is_bad=True),
        )
    flash_notice(Notice(_("Your packages are in Square’s item library.")))
    return redirect_after_post(next_address("packages"))


add_publishing_views(blueprint, show)


def _publish(services: Services, package_id: str) -> str:
    """Publish a package; return why that failed, "" otherwise."""
    try:
        publish_to_square(services, current_act(), package_id)
    except CoursekeeperError as error:
        return error.message
    return ""
