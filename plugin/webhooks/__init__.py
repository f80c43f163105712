"""Sending events to other programs: which addresses may be called, the signed call, and the loop that delivers."""
