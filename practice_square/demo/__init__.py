"""The demo: a clinic and a register on this machine, to try everything out and to simulate a day of faults."""
