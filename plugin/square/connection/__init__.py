"""The connection to Square: OAuth, tokens, scopes and the webhook subscription."""
