"""Settings of the practice Square: file, addresses, secrets, and the seed of a first start."""

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from practice_square.storage import Clock, IdMaker

SQUARE_VERSION = "2025-08-20"
DEFAULT_LOCATION_ID = "LPRACTICE0001"
DEFAULT_MERCHANT_ID = "MLPRACTICE0001"
# What an application's owner would copy from Square's developer page.
DEFAULT_APPLICATION_ID = "sq0idp-PracticeApplication01"
DEFAULT_APPLICATION_SECRET = "sq0csp-practice-application-secret"  # noqa: S105 the practice server's own
# Square's own schedule (1, 2, 4, 8 minutes ...) in seconds, to avoid waiting for hours.
RETRY_DELAYS_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, *(60.0,) * 60)
ALPHABET = string.ascii_uppercase + string.digits


def random_id() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(22))


def wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class PracticeSettings:
    """`seed`: "clinic" (clients and retail items), "items" (no clients) or "empty" (only merchant and location).

    `redirect_url`: where the authorization page may redirect; None allows any address on this machine or https.
    """

    file: Path
    access_token: str = field(repr=False)
    signature_key: str = field(repr=False)
    webhook_url: str | None = None
    location_id: str = DEFAULT_LOCATION_ID
    merchant_id: str = DEFAULT_MERCHANT_ID
    application_id: str = DEFAULT_APPLICATION_ID
    application_secret: str = field(default=DEFAULT_APPLICATION_SECRET, repr=False)
    application_name: str = "Coursekeeper"
    redirect_url: str | None = None
    seed: str = "clinic"
    currency: str = "USD"
    retry_delays_s: tuple[float, ...] = RETRY_DELAYS_S
    answer_timeout_s: float = 10.0
    clock: Clock = wall_clock
    make_id: IdMaker = random_id
    pause: Callable[[float], None] | None = field(default=None, repr=False)
