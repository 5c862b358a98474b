"""Calibrated captures of people, and what is known about the people in them."""
