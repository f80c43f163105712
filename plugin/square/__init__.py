"""Everything that talks to Square: the client, events, sync, checkout and catalog. Makes no use of Flask."""
