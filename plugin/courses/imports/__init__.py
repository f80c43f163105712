"""Import courses sold before Coursekeeper: the one exception to docs/rules.md, rule 2.

Read, map, check and preview a file; then write all of it in one transaction, or nothing.
"""
