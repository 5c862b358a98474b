"""NeuHMR workbench: refine SMPL poses of a person in a video by neural rendering.

The way through: `clip` (video, poses, masks, camera) -> `ghn` (an avatar conditioned on two frames)
-> `anchors` (visibility, joint descriptors) -> `refine` (motion field, losses) -> `export`.
"""
