"""Training of GHNeRF's human encoder on single pictures."""
