"""The database of version 0.1.0, where the migrations begin: a new one is made as the models are, without them."""

revision = "0022"
down_revision = None


def upgrade() -> None:
    """Refuse: a database of a version before 0.1.0 goes through 0.1.0 first.

    Raises RuntimeError.
    """
    raise RuntimeError("Only version 0.1.0 makes its tables.")


def downgrade() -> None:
    """Refuse: no version older than 0.1.0 is left to go back to.

    Raises RuntimeError.
    """
    raise RuntimeError("The database can’t go back further than to version 0.1.0.")
