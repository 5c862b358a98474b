"""How near pictures and keypoints are to the true ones."""
