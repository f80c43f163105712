"""Reports for the owner: read-only queries of the ledger, returned as frozen values.

Only totals are kept for them (`totals.py`).
"""
