"""The clinic's terminals and the codes that pair them."""

from datetime import timedelta

from practice_square.cursors import page_of
from practice_square.events import announce_pairing
from practice_square.listings import read_limit, read_order
from practice_square.merchant import location_id, require_location
from practice_square.refusals import bad_request, find, not_found
from practice_square.shapes import Record, Text, checked
from practice_square.storage import Json, Work

CREATE_CODE = Record(
    idempotency_key=Text(1, 128, required=True),
    device_code=Record(
        required=True,
        product_type=Text(one_of=("TERMINAL_API",), required=True),
        name=Text(most=128),
        location_id=Text(most=50),
    ),
)
# A checkout is sent to the bare id; the Devices API shows the same device with this prefix.
PREFIX = "device:"
PRACTICE_DEVICE_ID = "5c4e3a1e-0b7d-4f6a-9a52-2f6f0d9c1a77"
PRACTICE_NAME = "Practice terminal"
PAIR_WITHIN = timedelta(minutes=5)
MOST = 100


def plant_terminal(work: Work) -> None:
    """Create the paired terminal of a new practice clinic."""
    now = work.now()
    code = _new_code(work, PRACTICE_NAME, location_id(work))
    work.put("device_code", code | _paired(PRACTICE_DEVICE_ID, now))
    _put_device(work, PRACTICE_DEVICE_ID, PRACTICE_NAME, code["id"])


def create_code(work: Work, body: Json) -> Json:
    """Make a code with which a terminal can be signed in during the next five minutes."""
    given = checked(body, CREATE_CODE)["device_code"]
    place = given.get("location_id") or location_id(work)
    require_location(work, place, "device_code.location_id")
    code = _new_code(work, given.get("name") or "Terminal API Device", place)
    return {"device_code": code_as_told(work.put("device_code", code))}


def read_code(work: Work, id_: str) -> Json:
    expire_codes(work)
    code = find(work, "device_code", id_, "Device code", "id")
    return {"device_code": code_as_told(code)}


def list_codes(work: Work, query: Json) -> Json:
    expire_codes(work)
    statuses = [one for one in (query.get("status") or "").split(",") if one]

    def fits(code: Json) -> bool:
        has_place = query.get("location_id") in (None, code["location_id"])
        return has_place and (not statuses or code["status"] in statuses)

    page = page_of(work, "device_code", query, MOST, fits=fits, told=code_as_told, newest_first=True)
    return page.as_body("device_codes")


def expire_codes(work: Work) -> None:
    now = work.now()
    for code in work.all("device_code"):
        if code["status"] == "UNPAIRED" and code["pair_by"] <= now:
            work.put("device_code", code | {"status": "EXPIRED", "status_changed_at": code["pair_by"]})


def pair(work: Work, typed: str) -> Json:
    """Sign a terminal in with a code, as a person does at the device. Returns the device."""
    expire_codes(work)
    wanted = typed.strip().upper()
    code = next((one for one in work.all("device_code", newest_first=True) if one["code"] == wanted), None)
    if code is None or code["status"] != "UNPAIRED":
        raise bad_request(
            "This device code does not work: it is unknown, used or older than 5 minutes. Make a new one.",
            "code",
        )
    id_ = work.make_id()
    paired = code | _paired(id_, work.now())
    announce_pairing(work, code_as_told(work.put("device_code", paired)))
    return _put_device(work, id_, code["name"], code["id"])


def list_devices(work: Work, query: Json) -> Json:
    require_location(work, query.get("location_id"))
    newest_first = read_order(query.get("sort_order"))
    limit = read_limit(query.get("limit"), MOST)
    page = page_of(work, "device", query, limit, told=device_as_told, newest_first=newest_first)
    return page.as_body("devices")


def read_device(work: Work, id_: str) -> Json:
    device = find(work, "device", id_, "Device", "device_id")
    return {"device": device_as_told(device)}


def find_terminal(work: Work, device_id: str) -> Json:
    """Return the terminal that a checkout names. The Devices API's own id, with its prefix, is not one."""
    device = work.get("device", PREFIX + device_id)
    if device is None:
        raise not_found("Device", device_id, "checkout.device_options.device_id")
    return device


def terminals(work: Work) -> list[Json]:
    return work.all("device")


def terminal_id(device: Json) -> str:
    return str(device["id"].removeprefix(PREFIX))


def device_as_told(device: Json) -> Json:
    return {name: value for name, value in device.items() if name not in ("created_at", "updated_at")}


def code_as_told(code: Json) -> Json:
    return {name: value for name, value in code.items() if name != "updated_at"}


def _new_code(work: Work, name: str, place: str) -> Json:
    now, id_ = work.now(), work.make_id()
    return {
        "id": id_ + "DEV",
        "name": name,
        "code": id_[-6:].upper(),
        "product_type": "TERMINAL_API",
        "location_id": place,
        "status": "UNPAIRED",
        "pair_by": work.ago(-PAIR_WITHIN),
        "created_at": now,
        "updated_at": now,
        "status_changed_at": now,
    }


def _paired(device_id: str, now: str) -> Json:
    return {"device_id": device_id, "status": "PAIRED", "status_changed_at": now, "paired_at": now}


def _put_device(work: Work, device_id: str, name: str, code_id: str) -> Json:
    now = work.now()
    application = {
        "application_type": "TERMINAL_API",
        "version": "6.25",
        "session_location": location_id(work),
        "device_code_id": code_id,
    }
    device = {
        "id": PREFIX + device_id,
        "attributes": {
            "type": "TERMINAL",
            "manufacturer": "Square",
            "model": "T2",
            "name": name,
            "manufacturers_id": device_id,
            "updated_at": now,
            "version": "5.41.0085",
            "merchant_token": str(work.note("merchant_id")),
        },
        "components": [
            {"type": "APPLICATION", "application_details": application},
            {
                "type": "BATTERY",
                "battery_details": {"visible_percent": 84, "external_power": "AVAILABLE_CHARGING"},
            },
        ],
        "status": {"category": "AVAILABLE"},
        "created_at": now,
        "updated_at": now,
    }
    return work.put("device", device)
