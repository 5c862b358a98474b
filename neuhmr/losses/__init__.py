"""What every stage means by a loss: pixels, silhouettes, joints, poses."""
