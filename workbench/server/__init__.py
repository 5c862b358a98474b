"""A viser server that trusts nobody: links, origins, values."""
