"""GHNeRF: radiance and human features of a person from a few calibrated views."""
