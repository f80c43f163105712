"""Authorization of callers: the application, the scopes its seller granted, the tokens issued for them."""
