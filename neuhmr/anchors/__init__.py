"""Anchor frames: which frames to trust, and what each joint looks like there."""
