"""The pages of My account, each a module with a blueprint."""

from __future__ import annotations

from plugin.web.account import authenticator, hand, lock, mine, passkeys, pins, ways

SCREENS = (mine, hand, ways, authenticator, passkeys, pins, lock)
