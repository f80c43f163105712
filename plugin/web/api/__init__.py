"""The public HTTP API `/api/v1`: bearer tokens and JSON. Independent of pages and sessions."""
