"""The public HTTP interface `/api/v1`: bearer tokens, JSON, described by itself. Knows no page and no session."""
