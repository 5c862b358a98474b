"""GHNeRF measured on people that no training saw."""
