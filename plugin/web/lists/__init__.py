"""The owner's list of all courses: filters, saved views, acts on many courses."""

from plugin.web.lists import courses, saved_views

SCREENS = (courses, saved_views)
