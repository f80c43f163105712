"""Bringing about at Square what was begun at the desk. Every call can be asked again; only the inbox books a sale."""
