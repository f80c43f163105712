"""The lists of all courses and of all clients: filters, saved views, acts on many courses."""

from plugin.web.lists import bulk, clients, courses, saved_views

SCREENS = (courses, clients, bulk, saved_views)
