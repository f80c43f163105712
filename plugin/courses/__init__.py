"""The use cases: one function, one transaction.

No web and no Square calls; only the rules and the database.
"""

# Wherever a use case is imported from, its subscribers are registered.
from plugin.courses import subscribers as subscribers
