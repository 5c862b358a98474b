"""2D keypoints that other detectors found in a clip, told by content."""
