"""Distances between poses, as the field reports them."""
