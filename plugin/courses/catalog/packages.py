"""Packages: what is for sale, and under which Square variation. Editing one never touches a sold course."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import BindParameter, Integer, Row, String, bindparam, delete, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.money import Money
from plugin.core.terms import Terms, terms_from_json
from plugin.core.text import required
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.views import ContentView, PackageView, Page, from_row
from plugin.courses.base.work import Work, allowed, reading, require_row
from plugin.courses.catalog.links import LOOK_AT_ITEM, SeenItem, agree_in, on_till_of
from plugin.courses.catalog.names import NamesByLanguage, checked_names, save_names_in, translations_in
from plugin.courses.catalog.terms_text import package_text
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.offers import IgnoredItem, Listing, Package, PackageContent, Treatment
from plugin.store.prepared import Prepared
from plugin.wording import N_, _

NO_PACKAGE = N_("There is no such package.")
MOST_TREATMENTS = 12
MOST_SESSIONS = 999
KINDS = ("main", "touch_up", "add_on")


@dataclass(frozen=True, slots=True)
class NewContent:
    """A number of sessions of a treatment.

    `kind` None: a known treatment keeps its kind, a new one's follows.
    """

    treatment: str
    sessions: int
    single_price: Money
    usable_from_session: int | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class NewPackage:
    """What the owner wants to sell. `names`: its name by language; None leaves those of this name as they are."""

    name: str
    price: Money
    contents: Sequence[NewContent]
    terms: Terms = field(default_factory=Terms)
    names: NamesByLanguage | None = None

    @property
    def request(self) -> dict[str, Any]:
        """Return it as its digest is computed: without names, as before there were any."""
        request = {**asdict(self), "terms": self.terms.to_json()}
        return request if self.names is not None else {k: v for k, v in request.items() if k != "names"}


@allowed()
def create_package(work: Work, new: NewPackage) -> PackageView:
    """Create a package; raises InvalidField. The same act again returns the same package."""
    checked = checked_package(new)
    request = new.request
    made = work.once("package", request, lambda: {"package_id": _make(work, checked)})
    return package_in(work.session, made.answer["package_id"])


def _make(work: Work, new: NewPackage) -> str:
    same_currency(new, clinic_in(work.session).currency)
    package = _write(work, new)
    after = package_text(package_in(work.session, package.id))
    record_in(work, Did.PACKAGE_CREATED, name=package.name, subject_id=package.id, after=after)
    return package.id


def list_packages(
    store: Store, *, limit: int = 50, cursor: str | None = None, only_active: bool = True
) -> Page[PackageView]:
    """Return the packages in the order they were created."""
    asked = {"limit": limit + 1, "cursor": cursor or ""}
    with store.reading() as session:
        rows = (_ACTIVE if only_active else _ALL).all(session.connection(), asked)
        packages = _views(session, rows)
    return Page.of(packages, limit, lambda package: package.id)


_ALL, _ACTIVE = (
    Prepared(
        select(Package.__table__)
        .where(Package.id > bindparam("cursor"), *conditions)
        .order_by(Package.id)
        .limit(bindparam("limit", type_=Integer))
    )
    for conditions in ((), (Package.is_active.is_(True),))
)


def package_names(store: Store) -> list[tuple[str, str]]:
    """Return the id and the name of every package, also of those no longer sold, by name."""
    return [(row.id, row.name) for row in store.rows(_NAMES, {})]


_NAMES = Prepared(select(Package.id, Package.name).order_by(Package.name, Package.id))


@dataclass(frozen=True, slots=True)
class PackageChoice:
    id: str
    name: str
    price: Money


def package_choices(store: Store) -> tuple[PackageChoice, ...]:
    """Return the packages that are sold, in the order they were created."""
    rows = select(Package).where(Package.is_active.is_(True)).order_by(Package.id)
    with store.reading() as session:
        return tuple(
            PackageChoice(row.id, row.name, Money(row.price, row.currency)) for row in session.scalars(rows)
        )


def is_any_published(store: Store) -> bool:
    """Return whether any package can be rung up at Square."""
    wanted = select(Listing.package_id).where(Listing.is_current.is_(True), Listing.is_deleted.is_(False))
    with store.reading() as session:
        return session.scalar(wanted.limit(1)) is not None


def package_in(session: Session, package_id: str) -> PackageView:
    """Return the package; raises NotFound."""
    return _views(session, [require_row(session, Package, package_id, NO_PACKAGE)])[0]


read_package = reading(package_in)


def packages_in(session: Session, package_ids: Collection[str]) -> dict[str, PackageView]:
    """Return these packages by id."""
    rows = session.scalars(select(Package).where(Package.id.in_(package_ids))).all()
    return {view.id: view for view in _views(session, rows)}


def _views(session: Session, packages: Sequence[Package | Row[Any]]) -> tuple[PackageView, ...]:
    session.flush()
    ids = [package.id for package in packages]
    listings = {row.package_id: row for row in _CURRENT.all(session.connection(), {"package_ids": ids})}
    contents = _contents(session, ids)
    names = translations_in(session, {package.name for package in packages})
    return tuple(_view(each, listings.get(each.id), contents[each.id], names[each.name]) for each in packages)


_PACKAGE_IDS: BindParameter[Any] = bindparam("package_ids", type_=String, expanding=True)
_CURRENT = Prepared(
    select(Listing.__table__).where(Listing.package_id.in_(_PACKAGE_IDS), Listing.is_current.is_(True))
)


def _view(
    package: Package | Row[Any],
    listing: Row[Any] | None,
    contents: Sequence[ContentView],
    names: NamesByLanguage,
) -> PackageView:
    return from_row(
        PackageView,
        package,
        price=Money(package.price, package.currency),
        contents=tuple(contents),
        names=names,
        terms=terms_from_json(package.terms),
        square_variation_id=listing.square_variation_id if listing else None,
        on_till=on_till_of(listing) if listing else None,
    )


def known_variations_in(session: Session) -> dict[str, str]:
    """Return the package of each Square variation, current or replaced."""
    return dict(_VARIATIONS.all(session.connection(), {}))


_VARIATIONS = Prepared(select(Listing.square_variation_id, Listing.package_id))


def packages_of_variations_in(session: Session, square_variation_ids: Collection[str]) -> dict[str, Any]:
    """Return the package that each of these Square variations sells, or sold before it was replaced.

    They are rows of what a sale needs: `id`, `name`, `version`, `currency` and `terms`.
    """
    wanted = {"variation_ids": list(square_variation_ids)}
    return {row.square_variation_id: row for row in _OF_VARIATIONS.all(session.connection(), wanted)}


_OF_VARIATIONS = Prepared(
    select(
        Listing.square_variation_id,
        Package.id,
        Package.name,
        Package.version,
        Package.currency,
        Package.terms,
    )
    .join(Package, Package.id == Listing.package_id)
    .where(Listing.square_variation_id.in_(bindparam("variation_ids", expanding=True)))
)


def listing_of(store: Store, package_id: str) -> tuple[str | None, str | None]:
    """Return the package's current Square item and variation id; None if Square does not sell it."""
    with store.reading() as session:
        row = listing_in(session, package_id)
        return (row.square_item_id, row.square_variation_id) if row else (None, None)


def listing_in(session: Session, package_id: str) -> Listing | None:
    """Return the Square variation that sells the package now."""
    return session.scalar(
        select(Listing).where(Listing.package_id == package_id, Listing.is_current.is_(True))
    )


@allowed()
def list_variation(
    work: Work,
    package_id: str,
    *,
    square_variation_id: str,
    square_item_id: str | None,
    square_version: int | None,
    seen: SeenItem | None = None,
) -> PackageView:
    """Record that this Square variation sells the package; raises Refused if it sells another one.

    `seen` is what Square shows now, recorded as agreed; without it and a version, a job fetches the item.
    """
    row = listed_in(work.session, work.act, package_id, square_variation_id)
    for other in work.session.scalars(select(Listing).where(Listing.package_id == package_id)):
        other.is_current = other is row
    row.square_item_id, row.square_version, row.is_current = square_item_id, square_version, True
    work.session.flush()
    if seen is not None:
        agree_in(work.session, work.act, seen)
    elif square_version is None:
        enqueue(work, LOOK_AT_ITEM, square_variation_id)
    work.session.flush()
    return package_in(work.session, package_id)


def listed_in(session: Session, act: Act, package_id: str, square_variation_id: str) -> Listing:
    """Return the listing of this variation, created if there is none; raises NotFound, Refused."""
    package_in(session, package_id)
    row = session.get(Listing, square_variation_id)
    if row is not None and row.package_id != package_id:
        raise Refused(_("That Square item already sells another package."), code="item_taken")
    if row is None:
        row = Listing(square_variation_id=square_variation_id, package_id=package_id, listed_at=act.now)
        row.is_current = False
        session.add(row)
        session.execute(delete(IgnoredItem).where(IgnoredItem.square_variation_id == square_variation_id))
        session.flush()
    return row


def _contents(session: Session, package_ids: Sequence[str]) -> Mapping[str, list[ContentView]]:
    contents: defaultdict[str, list[ContentView]] = defaultdict(list)
    for row in _CONTENTS.all(session.connection(), {"package_ids": package_ids}):
        single_price = Money(row.single_price, row.currency)
        view = ContentView(row.name, row.kind, row.sessions, single_price, row.usable_from_session)
        contents[row.package_id].append(view)
    return contents


_CONTENTS = Prepared(
    select(
        PackageContent.package_id,
        Treatment.name,
        Treatment.kind,
        PackageContent.sessions,
        PackageContent.single_price,
        Package.currency,
        PackageContent.usable_from_session,
    )
    .join(Treatment, Treatment.id == PackageContent.treatment_id)
    .join(Package, Package.id == PackageContent.package_id)
    .where(PackageContent.package_id.in_(_PACKAGE_IDS))
    .order_by(PackageContent.position)
)


def checked_package(new: NewPackage) -> NewPackage:
    """Return the package with its texts cleaned; raises InvalidField for what can't be sold."""
    if not 1 <= len(new.contents) <= MOST_TREATMENTS:
        raise InvalidField(
            _("A package holds 1 to {most_treatments} treatments.", most_treatments=MOST_TREATMENTS),
            field="contents",
        )
    if new.price.amount < 0:
        raise InvalidField(_("The price is zero or more."), field="price")
    contents = [_checked_content(content) for content in new.contents]
    names = [content.treatment.casefold() for content in contents]
    if len(set(names)) < len(names):
        raise InvalidField(_("A package lists each treatment once; add up its sessions."), field="contents")
    translations = None if new.names is None else checked_names(new.names)
    return NewPackage(
        required(new.name, field="name", called=_("The name")), new.price, contents, new.terms, translations
    )


def _checked_content(content: NewContent) -> NewContent:
    if not 1 <= content.sessions <= MOST_SESSIONS:
        raise InvalidField(
            _("Sessions are 1 to {most_sessions}.", most_sessions=MOST_SESSIONS), field="contents"
        )
    if content.single_price.amount < 0:
        raise InvalidField(_("A single price is zero or more."), field="contents")
    if content.usable_from_session is not None and not 1 <= content.usable_from_session <= MOST_SESSIONS:
        raise InvalidField(
            _("usable_from_session is 1 to {most_sessions}.", most_sessions=MOST_SESSIONS), field="contents"
        )
    if content.kind is not None and content.kind not in KINDS:
        raise InvalidField(_("A treatment is main, touch_up or add_on."), field="contents")
    name = required(content.treatment, field="contents", called=_("The treatment’s name"))
    return NewContent(name, content.sessions, content.single_price, content.usable_from_session, content.kind)


def same_currency(new: NewPackage, currency: str) -> None:
    """Raise InvalidField for a price in another currency than the clinic's."""
    for money in (new.price, *(content.single_price for content in new.contents)):
        if money.currency != currency:
            said = _(
                "The clinic sells in {currency}; the package is priced in {currency2}.",
                currency=currency,
                currency2=money.currency,
            )
            raise InvalidField(said, field="price")


def _write(work: Work, new: NewPackage) -> Package:
    package = Package(
        id=work.new_id(),
        name=new.name,
        version=1,
        price=new.price.amount,
        currency=new.price.currency,
        terms=new.terms.to_json(),
        created_at=work.now,
    )
    work.add(package)
    write_contents_in(work.session, work.store, package, new.contents)
    if new.names is not None:
        save_names_in(work, package.name, new.names)
    return package


def write_contents_in(
    session: Session, store: Store, package: Package, contents: Sequence[NewContent]
) -> None:
    """Store the package's contents; the previous ones must be deleted already."""
    for position, content in enumerate(contents):
        session.add(
            PackageContent(
                package_id=package.id,
                position=position,
                treatment_id=_treatment(session, store, content).id,
                sessions=content.sessions,
                single_price=content.single_price.amount,
                usable_from_session=content.usable_from_session,
            )
        )
    session.flush()


def kind_of_content(content: NewContent) -> str:
    """Return the kind of a new treatment: one usable later is a touch-up, a free one an add-on."""
    if content.usable_from_session is not None:
        return "touch_up"
    return "add_on" if content.single_price.amount == 0 else "main"


def _treatment(session: Session, store: Store, content: NewContent) -> Treatment:
    known = session.scalar(select(Treatment).where(Treatment.name == content.treatment))
    if known is not None:
        return known
    treatment = Treatment(
        id=store.new_id(),
        name=content.treatment,
        kind=content.kind or kind_of_content(content),
        single_price=content.single_price.amount,
        currency=content.single_price.currency,
    )
    session.add(treatment)
    session.flush()
    return treatment
