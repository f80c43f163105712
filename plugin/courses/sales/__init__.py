"""Sales: checkouts begun at the desk, payments, and `book`, the only place where a sold course is opened."""
