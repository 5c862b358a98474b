"""Training of the avatar network."""
