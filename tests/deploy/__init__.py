"""What is in deploy/: proxies, install script, compose files and service units."""
