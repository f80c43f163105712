"""The desk's screens and people, as the tests of the screens have them."""

from __future__ import annotations

from tests.web.conftest import _shared_app, app, as_role, deb, desk, services  # noqa: F401
