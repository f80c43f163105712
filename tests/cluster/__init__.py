"""A cluster on one machine, broken piece by piece under load: `make cluster`."""
