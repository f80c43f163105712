"""Pages a client opens without a sign-in: their private page and the link that unsubscribes from e-mails."""
