"""The docks: each panel builds its widgets once and shows the state when asked."""
