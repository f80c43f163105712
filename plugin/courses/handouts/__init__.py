"""The papers of courses: what they say, the texts behind them, bytes kept ready, and how they reach the client."""
