"""The check before a treatment: the clinic's own list, "none of these apply" or "ask me", and nothing else."""
