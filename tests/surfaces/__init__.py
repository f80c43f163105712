"""What every surface says of a course."""
