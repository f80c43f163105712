"""The rules of prepaid courses. Pure, standard library only: no database, no web, no Square."""
