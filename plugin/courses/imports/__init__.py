"""Courses sold before Coursekeeper, from a file: the one exception to the one door (docs/rules.md, rule 2).

Read, map, check, show; then write all of it in one transaction, or nothing.
"""
