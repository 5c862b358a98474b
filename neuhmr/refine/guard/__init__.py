"""The guard: which frames keep their initial pose."""
