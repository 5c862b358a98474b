"""Pose files of other programs."""
