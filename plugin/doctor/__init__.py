"""`coursekeeper doctor`: checks everything an installation needs, and says of each thing how to mend it."""
