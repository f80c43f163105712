"""Sales begun at the desk, carried out in Square. Every call can be repeated; only the inbox books a sale."""
