"""Poses as other programs want them: one small writer per format, behind one table."""
