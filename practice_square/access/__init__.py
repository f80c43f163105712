"""Who may call: the application, what its seller allowed it, the tokens made from that."""
