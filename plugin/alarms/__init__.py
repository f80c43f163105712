"""Alarms: conditions that the owner must know of, told once when they begin, daily, and once when they end."""
