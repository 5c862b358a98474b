"""First poses as `neuhmr init` really makes them, of filmed people, for the prior to learn from."""
