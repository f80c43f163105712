"""Staff and API tokens: who may sign in."""
