"""Moments that several calibrated cameras saw, and what is true of them."""
