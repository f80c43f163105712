"""The owner's reports as pages and files. Each view runs one query of `plugin.courses.reports` and shows it."""

from plugin.web.reports import (
    activity,
    entries,
    journal,
    liability,
    month,
    overview,
    pay,
    people,
    planned,
    progress,
    quotes,
    ratings,
    reserve,
    tips,
    usage,
    year_end,
)

SCREENS = (
    *(overview, liability, journal, year_end, usage, pay, people, month),
    *(activity, entries, planned, progress, quotes, ratings, reserve, tips),
)
