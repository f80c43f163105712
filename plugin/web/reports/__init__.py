"""The owner's reports as pages and files. Each view runs one query of `plugin.courses.reports` and shows it."""

from plugin.web.reports import activity, entries, liability, month, overview, pay, people, progress, usage

SCREENS = (overview, liability, usage, pay, people, month, activity, entries, progress)
