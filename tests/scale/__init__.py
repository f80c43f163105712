"""Figures of many clinics, simulated from those of one: `make monday`."""
