"""The owner's reports as pages and files. Each view asks one question of `plugin.courses.reports` and shows it."""

from plugin.web.reports import liability, month, overview, pay, people, usage

SCREENS = (overview, liability, usage, pay, people, month)
