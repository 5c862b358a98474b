"""Cameras from the files of calibration programs, told by content."""
