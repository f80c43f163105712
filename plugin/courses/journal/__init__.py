"""The journal for the accountant: double entry derived from the ledger and from the money of each sale."""
