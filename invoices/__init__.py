"""The papers a client takes home. Knows no web, no database, no Square, and nothing of the program that asks."""
