"""The use cases: one function, one transaction. Knows the rules and the database; knows no web and no Square call."""
