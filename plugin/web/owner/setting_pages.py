"""The pages of settings, in the order in which their addresses are looked up."""

from __future__ import annotations

from plugin.web.owner import clinic_settings, email_settings, settings, square_settings

SETTINGS = (settings, clinic_settings, square_settings, email_settings)
