"""Letters to clients: written from the ledger, sent by the worker, tried again, and given up in words."""
