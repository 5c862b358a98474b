"""SMPL-format bodies: files, shape, pose, skinning, motion."""
