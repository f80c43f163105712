"""What a client will read of a package, beside the form it is written in."""

from flask import Response, request

from plugin.courses.base.words import money_text
from plugin.courses.catalog.packages import NewContent, NewPackage, checked_package, read_package
from plugin.courses.handouts.drafts import PackagePaper, draft_package_summary, draft_package_voucher
from plugin.web import current_services, pages
from plugin.web.access import Screens
from plugin.web.format import LANGUAGES
from plugin.web.owner.forms import PackageForm
from plugin.web.owner.preview import on_screen, why_not
from plugin.web.translations import _

blueprint = Screens("package_preview", __name__)


@blueprint.get("/packages/<package_id>/preview", refused=why_not)
def show(package_id: str) -> Response:
    """Show what a client reads of the package as it is stored."""
    package = read_package(current_services().store, package_id)
    contents = [
        NewContent(each.treatment, each.sessions, each.single_price, each.usable_from_session, each.kind)
        for each in package.contents
    ]
    return _paper(NewPackage(package.name, package.price, contents, package.terms))


@blueprint.post("/packages/preview", refused=why_not)
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
