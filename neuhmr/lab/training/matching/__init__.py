"""Training of the features that find joints again."""
