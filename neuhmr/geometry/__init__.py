"""Rotations, rigid transforms, cameras and alignment."""
