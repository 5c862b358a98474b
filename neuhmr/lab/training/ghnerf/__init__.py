"""Training of GHNeRF."""
