"""Custom attributes of customer profiles, and restored profiles."""
