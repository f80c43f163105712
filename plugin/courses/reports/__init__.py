"""What the owner wants to know: pure questions to the ledger, answered in frozen values. Nothing is kept for them."""
