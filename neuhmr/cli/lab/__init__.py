"""The commands of the laboratory: the only ones that may import it."""
