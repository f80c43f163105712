"""Reports for the owner: read-only queries of the ledger, returned as frozen values.

Nothing is stored for them.
"""
