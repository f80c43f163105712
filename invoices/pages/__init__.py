"""The content of each paper in words: every value as the reader sees it. The templates only place it."""
