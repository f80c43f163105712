"""The owner's reports as pages and files. Each view runs one query of `plugin.courses.reports` and shows it."""
