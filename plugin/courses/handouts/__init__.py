"""The papers of courses: their content, the texts behind them, the paper cache, and their delivery."""
