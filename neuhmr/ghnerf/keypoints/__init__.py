"""From heatmaps to keypoints, in pictures and in space."""
