"""The use cases: one function, one transaction. Pure of web and Square calls; knows the rules and the database."""

# Wherever a use case is imported from, what follows from it is registered.
from plugin.courses import subscribers as subscribers
