"""Measuring: poses against a truth, images against images, speed on this machine."""
