"""Refinement measured on people that no training saw."""
