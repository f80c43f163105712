"""Packages, for the owner: the list, creating and editing one beside a preview, names by language, and publishing."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from invoices.language import is_supported
from invoices.pages.qr import qr_code
from plugin.core.text import NAME_LENGTH, folded
from plugin.courses.base.sheet import Columns, major, sheet_of
from plugin.courses.base.views import PackageView
from plugin.courses.base.words import money_text
from plugin.courses.catalog.links import publications
from plugin.courses.catalog.names import NamedThing, TypedName, named_things, save_names
from plugin.courses.catalog.package_edits import set_on_sale
from plugin.courses.catalog.packages import (
    NewContent,
    NewPackage,
    checked_package,
    create_package,
    list_packages,
    read_package,
)
from plugin.courses.catalog.terms_text import gift_law_of
from plugin.courses.handouts.cache import poster_pdf
from plugin.courses.handouts.drafts import PackagePaper, draft_package_summary, draft_package_voucher
from plugin.courses.sales.public_orders import offer_package, packages_to_offer, recent_public_orders
from plugin.square.catalog import Saved, link_item, save_package, search_items
from plugin.square.catalog import publish as publish_to_square
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.actions import Notice, current_act, flash_notice, redirect_to
from plugin.web.format import LANGUAGES
from plugin.web.forms import Form, Hidden, Text
from plugin.web.headers import let_page_hold_frame
from plugin.web.owner.forms import MORE_ROWS, ItemForm, PackageForm, SaleForm
from plugin.web.owner.letterhead import on_screen, why_not
from plugin.web.refusals import Refusal
from plugin.web.tables import Sorting, SortKey, asked_search, file_answer, matching, pdf_answer, sort_rows
from plugin.web.translations import N_, _


def add_publishing_views(
    blueprint: Blueprint, page: Callable[..., ResponseReturnValue], prefix: str = ""
) -> None:
    """Add the views `publish`, `items` and `link`, as macros/offers.html calls them, below `prefix`.

    `page` is the blueprint's `show`: it takes `refusal`, `package_id`, `searched_package`, `q` and `items`.
    """

    def back() -> ResponseReturnValue:
        return redirect_to(f"{blueprint.name}.show")

    @blueprint.post(f"{prefix}/<package_id>/publication", refused=page)
    def publish(package_id: str) -> ResponseReturnValue:
        published = publish_to_square(current_services(), current_act(), package_id)
        flash_notice(Notice(_("“{published}” is in Square.", published=published.name)))
        return back()

    @blueprint.get(f"{prefix}/<package_id>/items")
    def items(package_id: str) -> ResponseReturnValue:
        """Show the items in Square that match the query, to sell the package as one of them."""
        q = request.args.get("q", "").strip()[:60]
        found = search_items(current_services(), q) if q else ()
        return page(searched_package=package_id, q=q, items=found)

    @blueprint.post(f"{prefix}/<package_id>/square-item", refused=page)
    def link(package_id: str) -> ResponseReturnValue:
        """Sell the package as an existing item in Square."""
        variation_id = ItemForm.sent().square_variation_id.data
        linked = link_item(current_services(), current_act(), package_id, variation_id)
        flash_notice(Notice(_("“{linked}” is sold as that item from now on.", linked=linked.name)))
        return back()


SHOWN = 200

blueprint = Screens("packages", __name__)


@blueprint.get("/packages")
def show(refusal: Refusal | None = None, package_id: str = "", **more: Any) -> ResponseReturnValue:
    store = current_services().store
    # On the page of items in Square the search of the address is for those.
    search = "" if "items" in more else asked_search()
    known = _known()
    packages, sorting = _chosen(known, search)
    return render_template(
        "owner/packages.html",
        packages=packages,
        sorting=sorting,
        search=search,
        treatments=_treatments(known),
        refusal=refusal,
        refused_package=package_id,
        form=PackageForm.shown(None if package_id else refusal),
        more_rows=MORE_ROWS,
        owed=publications(store),
        gift_law=gift_law_of(pages.clinic()),
        **{"searched_package": "", "q": "", "items": (), **more},
    )


@blueprint.get("/packages.<ending>")
def save(ending: str) -> Response:
    """Return the packages as a file, in the order and with the search of the page."""
    return file_answer(sheet_of(_("Packages"), _COLUMNS, _chosen(_known(), asked_search())[0]), ending)


def _known() -> Sequence[PackageView]:
    return list_packages(current_services().store, limit=SHOWN, only_active=False).rows


def _chosen(rows: Sequence[PackageView], search: str) -> tuple[list[PackageView], Sorting]:
    # A package that an import created for a treatment has no price, and is never sold.
    packages = [each for each in rows if each.is_active or each.price.amount]
    return sort_rows(matching(packages, _text, search), _SORTS)


def _text(package: PackageView) -> str:
    return " ".join((package.name, *(content.treatment for content in package.contents)))


_SORTS = {
    "created": SortKey(lambda package: package.id),
    "name": SortKey(lambda package: folded(package.name)),
    "price": SortKey(lambda package: package.price.amount, is_descending=True),
    "sessions": SortKey(
        lambda package: sum(content.sessions for content in package.contents), is_descending=True
    ),
    "state": SortKey(lambda package: not package.is_active),
}
_COLUMNS: Columns[PackageView] = {
    "Package": lambda package: package.name,
    "Price": lambda package: major(package.price),
    "Currency": lambda package: package.price.currency,
    "Contents": lambda package: ", ".join(
        f"{content.sessions} × {content.treatment}" for content in package.contents
    ),
    "Expires after months": lambda package: package.terms.expires_after_months,
    "Expires on": lambda package: package.terms.expires_on,
    "Active": lambda package: _("Yes") if package.is_active else _("No"),
}


@blueprint.post("/packages", refused=show)
def create() -> ResponseReturnValue:
    made = create_package(current_services().store, current_act(), PackageForm.sent().package())
    return redirect_to(
        "packages.show", _("“{package}” is created. Publish it to Square to sell it.", package=made.name)
    )


add_publishing_views(blueprint, show, "/packages")


@blueprint.get("/packages/<package_id>")
def change(package_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    package = read_package(current_services().store, package_id)
    let_page_hold_frame()
    return render_template(
        "owner/package.html",
        package=package,
        form=PackageForm.shown(refusal, **PackageForm.values_of(package)),
        treatments=_treatments(_known()),
        more_rows=max(MORE_ROWS, len(package.contents)),
        languages=LANGUAGES,
    )


@blueprint.post("/packages/<package_id>", refused=change)
def edit(package_id: str) -> ResponseReturnValue:
    """Save the edited package, as sold from now on."""
    form = PackageForm.sent()
    saved = save_package(
        current_services(),
        current_act(),
        package_id,
        form.package(),
        seen_version=form.version.number,
    )
    edited = saved.package
    said = _(
        "“{package}” is version {version} now. Sold courses keep theirs.",
        package=edited.name,
        version=edited.version,
    )
    return redirect_to(
        "packages.show",
        Notice(f"{said}{_in_square(saved)}", is_bad=bool(saved.problem)),
        _anchor=f"p-{package_id}",
    )


@blueprint.post("/packages/<package_id>/sale", refused=show)
def put_on_sale(package_id: str) -> ResponseReturnValue:
    """Deactivate the package, or activate it again."""
    is_active = SaleForm.sent().on_sale.data
    package = set_on_sale(current_services().store, current_act(), package_id, is_active=is_active)
    if is_active:
        said = _("“{package}” is active again.", package=package.name)
    else:
        said = _("“{package}” is deactivated. Remove it from Square too.", package=package.name)
    return redirect_to("packages.show", said, _anchor=f"p-{package_id}")


def _in_square(saved: Saved) -> str:
    if saved.problem:
        return " " + _("Square is not updated yet. {problem}", problem=saved.problem)
    return " " + _("Square is updated.") if saved.is_published else ""


def _treatments(packages: Sequence[PackageView]) -> list[str]:
    return sorted({content.treatment for package in packages for content in package.contents})


# The language of a tag, and what it calls itself.
SPOKEN = tuple((tag.partition("-")[0], name) for tag, name in LANGUAGES)

names = Screens("names", __name__)


class NamesForm(Form):
    """One field for each name and language, with what the page showed before."""

    def typed(self, things: Sequence[NamedThing]) -> list[TypedName]:
        names = {each.name for each in things}
        return [
            TypedName(name, language, self[f"was:{language}:{name}"].data, self[f"{language}:{name}"].data)
            for name in names
            for language, _other in SPOKEN
            if self[f"{language}:{name}"].raw_data
        ]


def _form_type(things: Sequence[NamedThing]) -> type[NamesForm]:
    fields: dict[str, Any] = {}
    for each in things:
        for language, spoken in SPOKEN:
            label = f"{each.name}, {spoken}"
            fields[f"{language}:{each.name}"] = Text(
                label, called=N_("The name"), maxlength=NAME_LENGTH, lang=language
            )
            fields[f"was:{language}:{each.name}"] = Hidden()
    return type("NamesOfClinic", (NamesForm,), fields)


@names.get("/clinic/names")
def show_names(refusal: Refusal | None = None) -> ResponseReturnValue:
    things = named_things(current_services().store)
    values = {
        f"{before}{language}:{each.name}": each.texts.get(language, "")
        for each in things
        for language, _other in SPOKEN
        for before in ("", "was:")
    }
    form = _form_type(things).shown(refusal, **values)
    for name, value in values.items():
        if name.startswith("was:"):
            # After a conflict, saving again replaces the newest one knowingly.
            form[name].data = value
    return render_template("owner/names.html", things=things, form=form, spoken=SPOKEN)


@names.post("/clinic/names", refused=show_names)
def save_typed_names() -> ResponseReturnValue:
    """Save the translations that were changed."""
    services = current_services()
    things = named_things(services.store)
    saved = save_names(services.store, current_act(), _form_type(things).sent().typed(things))
    return redirect_to(
        "names.show_names",
        _("Saved. Names changed: {saved}. Papers already issued keep theirs.", saved=saved),
    )


package_preview = Screens("package_preview", __name__)


@package_preview.get("/packages/<package_id>/preview", refused=why_not)
def show_preview(package_id: str) -> Response:
    package = read_package(current_services().store, package_id)
    contents = [
        NewContent(each.treatment, each.sessions, each.single_price, each.usable_from_session, each.kind)
        for each in package.contents
    ]
    return _paper(NewPackage(package.name, package.price, contents, package.terms))


@package_preview.post("/packages/preview", refused=why_not)
def try_out() -> Response:
    """Show what a client would read of the package in the form. Nothing is saved."""
    return _paper(checked_package(PackageForm.sent().package()))


def _paper(package: NewPackage) -> Response:
    clinic = pages.clinic()
    asked = request.values.get("preview_language", "")
    language = asked if asked in dict(LANGUAGES) else clinic.language
    is_voucher = request.values.get("preview_paper") == PackagePaper.VOUCHER
    draft = draft_package_voucher if is_voucher else draft_package_summary
    said = _(
        "On Square’s payment page and receipt: {name}, {price}. The private page says the same terms.",
        name=package.name,
        price=money_text(package.price, clinic),
    )
    return on_screen(draft(clinic, package, language=language, today=pages.today()), said)


class OfferForm(Form):
    offered = Hidden()


shop = Screens("public_page", __name__, url_prefix="/clinic/public-page")


@shop.get("")
def show_shop() -> ResponseReturnValue:
    """Show where the page is, what it offers, and its last orders."""
    services = current_services()
    address = _address()
    return render_template(
        "owner/public_page.html",
        address=address,
        code=qr_code(address),
        is_on=services.settings.public_packages,
        languages=LANGUAGES,
        packages=packages_to_offer(services.store),
        orders=recent_public_orders(services.store),
    )


@shop.post("/packages/<package_id>")
def offer(package_id: str) -> ResponseReturnValue:
    """Offer a package on the page, or hide it there."""
    is_public = OfferForm.sent().offered.data == "yes"
    offer_package(current_services().store, current_act(), package_id, is_public=is_public)
    return redirect_to(
        "public_page.show_shop", _("It is offered on the public page.") if is_public else _("It is hidden.")
    )


@shop.get("/poster.pdf")
def poster() -> Response:
    """Return the poster for the window, in the language in the address, by default the clinic's."""
    services, asked = current_services(), request.args.get("language", "")
    language = asked if is_supported(asked) else pages.clinic().language
    pdf = poster_pdf(services.store, services.render, _address(), now=services.clock(), language=language)
    return pdf_answer(pdf, _("Poster of our packages") + ".pdf", is_framed=True)


def _address() -> str:
    return f"{current_services().settings.public_url.rstrip('/')}/shop"
