"""Personal data of clients: export, anonymize, suppress."""
