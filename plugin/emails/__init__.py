"""E-mails to clients: written from the ledger, sent and retried by the worker, and given up with a reason."""
