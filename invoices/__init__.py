"""The papers a client takes home. Pure: no web, no database, no Square."""
