"""The owner's list of all courses: filters, saved views, acts on many courses."""

from plugin.web.lists import bulk, courses, saved_views

SCREENS = (courses, bulk, saved_views)
