"""The terms that refinement makes small, and what they look at (NeuHMR Eq. 11 to 13)."""
