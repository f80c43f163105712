"""The ways of selling from another screen: Square Terminal, payment links and invoices, and the pages of each."""
