"""The browser of a request as a shared device: its cookie, its idle lock, and a form held over the lock."""

import json
from datetime import datetime, timedelta
from typing import Any

from flask import Response, g, request

from plugin.configuration.stored import sealing
from plugin.courses.accounts.shared_devices import SharedDeviceView, device_of_token, note_activity
from plugin.courses.accounts.sign_ins import SignedIn
from plugin.vault import WrongKey
from plugin.web import current_services
from plugin.web.access import DEVICE_COOKIE, keep_cookie

# What a person does is noted twice a minute, and the page locks by itself before.
_SLACK = timedelta(seconds=60)
_HELD_FOR = timedelta(hours=12)


def current_device() -> SharedDeviceView | None:
    """Return the shared device that sent this request, None for a browser of one's own."""
    if "shared_device" not in g:
        token = request.cookies.get(DEVICE_COOKIE, "")
        g.shared_device = device_of_token(current_services().store, token) if token else None
    device: SharedDeviceView | None = g.shared_device
    return device


def open_device() -> SharedDeviceView | None:
    """Return the shared device that sent this request, if PINs are accepted there now."""
    device = current_device()
    return device if device and device.is_open(current_services().clock()) else None


def put_cookie(response: Response, token: str) -> None:
    """Make the browser a shared device."""
    keep_cookie(response, DEVICE_COOKIE, token)


def lock_after() -> timedelta:
    """Return after how long without a touch a shared device locks."""
    return timedelta(minutes=current_services().settings.lock_after_minutes)


def is_idle(signed: SignedIn, now: datetime) -> bool:
    """Return whether a sign-in on a shared device has locked itself: whatever the page shows, it opens nothing."""
    if signed.device_id is None or signed.active_at is None:
        return False
    return now - signed.active_at >= lock_after() + _SLACK


def keep_awake(signed: SignedIn, sign_in_id: str, now: datetime) -> None:
    """Note what a person does on a shared device. A page that asks by itself, for news or to keep it, is no person."""
    if signed.device_id is not None and not {"X-Live", "X-Keep"} & set(request.headers.keys()):
        note_activity(current_services().store, sign_in_id, signed.active_at, now)


def hold(staff_id: str, address: str, fields: str) -> str:
    """Seal a half-filled form, for its own person to be shown again after the lock."""
    at = current_services().clock().timestamp()
    content = json.dumps({"staff": staff_id, "address": address, "fields": fields, "at": at})
    return sealing(current_services().settings).seal(content)


def held_form(held: str, staff_id: str) -> tuple[str, str] | None:
    """Return address and fields of a held form of this person; None for anybody else's, an old one, or none."""
    try:
        content: dict[str, Any] = json.loads(sealing(current_services().settings).open(held))
    except (WrongKey, ValueError):
        return None
    is_old = current_services().clock().timestamp() - content["at"] > _HELD_FOR.total_seconds()
    return None if is_old or content["staff"] != staff_id else (content["address"], content["fields"])
