"""Backups: kept copies, encrypted and verified; restoring one; upgrades that put a copy back on failure."""
