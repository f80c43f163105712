"""What tries to break the ledger, with figures: `make torture`. One seed replays a failure; tests run short forms."""
