"""Papers on the screens: printed at the desk, written and looked at by the owner."""
