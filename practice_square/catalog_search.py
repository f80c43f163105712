"""Finding catalog objects: list, search, search items, retrieve many."""

from collections.abc import Iterable

from practice_square.catalog import folded
from practice_square.cursors import Page, cut_page, read_cursor
from practice_square.refusals import not_played
from practice_square.shapes import Flag, Many, Record, Text, Whole, checked, moment
from practice_square.storage import Json, Place, Work

LIST_LIMIT = 100
QUERY = Record(
    exact_query=Record(attribute_name=Text(1, required=True), attribute_value=Text(required=True)),
    prefix_query=Record(attribute_name=Text(1, required=True), attribute_prefix=Text(1, required=True)),
    set_query=Record(attribute_name=Text(1, required=True), attribute_values=Many(Text(), 1, required=True)),
    text_query=Record(keywords=Many(Text(), least=1, most=3, required=True)),
    sorted_attribute_query=Record(),
)
SEARCH = Record(
    cursor=Text(),
    object_types=Many(Text()),
    include_deleted_objects=Flag(),
    include_related_objects=Flag(),
    begin_time=Text(),
    query=QUERY,
    limit=Whole(1, 1000),
)
SEARCH_ITEMS = Record(
    text_filter=Text(),
    category_ids=Many(Text()),
    enabled_location_ids=Many(Text()),
    cursor=Text(),
    limit=Whole(1, 100),
    sort_order=Text(one_of=("ASC", "DESC")),
    product_types=Many(Text()),
    archived_state=Text(),
)
RETRIEVE = Record(
    object_ids=Many(Text(), least=1, most=1000, required=True),
    include_related_objects=Flag(),
    include_deleted_objects=Flag(),
)
PLAYED = {"set_query", "exact_query", "prefix_query", "text_query", "sorted_attribute_query"}


def list_objects(work: Work, query: Json) -> Json:
    types = {one.strip().upper() for one in (query.get("types") or "").split(",") if one.strip()}
    found = _live(work, types or {"ITEM", "CATEGORY", "TAX", "DISCOUNT", "CUSTOM_ATTRIBUTE_DEFINITION"})
    return _page(work, found, query, LIST_LIMIT).as_body("objects")


def search_objects(work: Work, body: Json) -> Json:
    checked(body, SEARCH)
    query = body.get("query") or {}
    unknown = set(query) - PLAYED
    if unknown:
        raise not_played(f"`{unknown.pop()}` is", "query")
    since = moment(body.get("begin_time"), "begin_time")
    types = set(body.get("object_types") or []) or {"ITEM", "ITEM_VARIATION", "CATEGORY", "TAX", "DISCOUNT"}
    found = [
        (place, one)
        for place, one in _live(work, types, has_deleted=bool(body.get("include_deleted_objects")))
        if (since is None or one["updated_at"] > since) and _fits(one, query)
    ]
    page = _page(work, found, body, body.get("limit") or 100)
    answer = page.as_body("objects")
    if body.get("include_related_objects"):
        answer |= _related(work, page.items)
    return answer | {"latest_time": _latest(work)}


def search_items(work: Work, body: Json) -> Json:
    checked(body, SEARCH_ITEMS)
    wanted = (body.get("text_filter") or "").casefold().split()
    product_types = set(body.get("product_types") or [])
    archived = body.get("archived_state") or "ARCHIVED_STATE_NOT_ARCHIVED"
    found = [
        (place, one)
        for place, one in _live(work, {"ITEM"})
        if all(word in _words(one) for word in wanted)
        and (not product_types or one["item_data"].get("product_type", "REGULAR") in product_types)
        and _is_in_archive(one, archived)
    ]
    if body.get("sort_order") == "DESC":
        found.reverse()
    page = _page(work, found, body, body.get("limit") or 100)
    answer = page.as_body("items")
    if wanted and page.items:
        answer["matched_variation_ids"] = [
            variation["id"] for item in page.items for variation in item["item_data"]["variations"]
        ]
    return answer


def retrieve_objects(work: Work, body: Json) -> Json:
    """Return the objects of the ids that exist; the others are silently left out, as Square does."""
    checked(body, RETRIEVE)
    has_deleted = bool(body.get("include_deleted_objects"))
    kept = [work.get("catalog", id_) for id_ in body["object_ids"]]
    objects = [
        folded(work, one) for one in kept if one is not None and (has_deleted or not one["is_deleted"])
    ]
    answer: Json = {"objects": objects} if objects else {}
    if body.get("include_related_objects"):
        answer |= _related(work, objects)
    return answer


def related_to(work: Work, one: Json) -> Json:
    return _related(work, [one])


def _live(work: Work, types: set[str], *, has_deleted: bool = False) -> list[tuple[Place, Json]]:
    return [
        (place, folded(work, one))
        for place, one in work.walk("catalog")
        if one["type"] in types and (has_deleted or not one["is_deleted"])
    ]


def _page(work: Work, found: Iterable[tuple[Place, Json]], query: Json, limit: int) -> Page:
    reached = read_cursor(query.get("cursor"), query)
    rest = list(found)
    if reached.place is not None:
        gone_by = [place for place, _ in rest]
        rest = rest[gone_by.index(reached.place) + 1 :] if reached.place in gone_by else []
    return cut_page(work, rest, query=query, reached=reached, limit=limit)


def _related(work: Work, objects: list[Json]) -> Json:
    ids = {
        one["item_variation_data"]["item_id"]
        for one in objects
        if one["type"] == "ITEM_VARIATION" and one["item_variation_data"].get("item_id")
    }
    kept = [work.get("catalog", id_) for id_ in sorted(ids)]
    related = [folded(work, one) for one in kept if one is not None]
    return {"related_objects": related} if related else {}


def _latest(work: Work) -> str:
    newest = next(work.walk("catalog", sort="updated_at", newest_first=True), None)
    return newest[1]["updated_at"] if newest else work.now()


def _data(one: Json) -> Json:
    data: Json = one.get(f"{one['type'].lower()}_data") or {}
    return data


def _words(one: Json) -> str:
    data = _data(one)
    names = [data.get("name") or "", data.get("description") or "", data.get("abbreviation") or ""]
    names += [variation["item_variation_data"].get("name") or "" for variation in data.get("variations", [])]
    return " ".join(names).casefold()


def _fits(one: Json, query: Json) -> bool:
    data = _data(one)
    if exact := query.get("exact_query"):
        return bool(
            str(data.get(exact["attribute_name"], "")).casefold() == exact["attribute_value"].casefold()
        )
    if prefix := query.get("prefix_query"):
        start = prefix["attribute_prefix"].casefold()
        return any(word.startswith(start) for word in _starts(str(data.get(prefix["attribute_name"]) or "")))
    if asked := query.get("set_query"):
        values = {value.casefold() for value in asked["attribute_values"]}
        return str(data.get(asked["attribute_name"], "")).casefold() in values
    if text := query.get("text_query"):
        return all(word.casefold() in _words(one) for word in text["keywords"])
    return True


def _starts(text: str) -> list[str]:
    folded_text = text.casefold()
    return [folded_text, *folded_text.split()]


def _is_in_archive(one: Json, asked: str) -> bool:
    is_archived = bool(one["item_data"].get("is_archived"))
    if asked == "ARCHIVED_STATE_ALL":
        return True
    return is_archived is (asked == "ARCHIVED_STATE_ARCHIVED")
