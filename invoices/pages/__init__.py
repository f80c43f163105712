"""Each paper in words: every value as its reader will see it. The templates only place what is said here."""
