"""NeuHMR workbench: refine SMPL poses of a person in a video by neural rendering.

The way through is `pipeline`: a clip, first poses, a draft, an avatar (`ghn`), anchors, joint
descriptors, and then the steps and the guard of `refine`. What makes people, trains and measures is
`lab`.
"""
