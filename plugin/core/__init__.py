"""The rules of prepaid courses. Standard library only; knows no database, no web, no Square."""
