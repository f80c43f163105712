"""The desk's screens and people, as the tests of the screens have them."""

from tests.web.conftest import (  # noqa: F401
    _shared_app,
    _shared_small_app,
    app,
    as_role,
    deb,
    desk,
    services,
    small_app,
    small_as,
    small_desk,
    small_house,
    small_olga,
)
