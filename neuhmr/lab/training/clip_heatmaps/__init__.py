"""Training of a clip's heatmaps on a GHN that stays as it is."""
