"""A body of two points and one joint, small enough for sums on paper."""

import numpy as np

from neuhmr.body.smpl_arrays import SmplArrays


def make_small_body() -> SmplArrays:
    """Its pelvis rests at (2 b, 1, 0), where b is the first shape coefficient.

    The joint is the middle of (0, 0, 0) and (0, 2, 0), of which the second moves by (4 b, 0, 0).
    """
    shapedirs = np.zeros((2, 3, 10), np.float32)
    shapedirs[1, 0, 0] = 4.0
    return SmplArrays(
        v_template=np.array([[0.0, 0, 0], [0, 2, 0]], np.float32),
        shapedirs=shapedirs,
        posedirs=None,
        J_regressor=np.array([[0.5, 0.5]], np.float32),
        lbs_weights=np.ones((2, 1), np.float32),
        faces=np.zeros((1, 3), np.int64),
        parents=(-1,),
        name="small",
        digest="",
    )
