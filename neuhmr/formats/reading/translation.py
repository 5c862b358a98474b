"""Where a body is: from what a tool calls its translation to the position of its pelvis.

A body turns about its pelvis, which rests at J0(betas) off the origin. smplx's `transl` t puts it
at J0 + t, so rigid transforms go through the pelvis: see `moved`.
"""

import numpy as np
from jaxtyping import Float

from neuhmr.formats.reading.found import FoundPlace
from neuhmr.geometry.rotation_arrays import axisangles_from_rotmats, rotmats_from_axisangles


def full_image_translation(
    crop_cameras: Float[np.ndarray, "rows 3"],
    centers: Float[np.ndarray, "rows 2"],
    sides: Float[np.ndarray, " rows"],
    focal: float,
    principal_point: Float[np.ndarray, "2"],
) -> Float[np.ndarray, "rows 3"]:
    """Turn weak-perspective cameras of crops into translations before the whole image's camera.

    With a crop camera (s, x, y), a square crop of side b around c and the principal point p:
    t_z = 2 f / (b s) and t_xy = (x, y) + 2 (c - p) / (b s).

    Args:
        crop_cameras: scale and shift that place the body in its crop, which spans -1 to 1.
        centers: of the crops (px).
        sides: of the crops (px).
        focal: of the whole image (px).
        principal_point: of the whole image (px).
    """
    size = sides * crop_cameras[:, 0]
    shift = 2.0 * (centers - principal_point) / size[:, None]
    return np.column_stack([crop_cameras[:, 1:] + shift, 2.0 * focal / size])


def pelvis_of(
    place: FoundPlace, hips_at_rest: Float[np.ndarray, "#rows 3 3"]
) -> Float[np.ndarray, "rows 3"]:
    """Find where the pelvis is, in the same frame of reference (m).

    Args:
        place: what a tool says.
        hips_at_rest: pelvis, left and right hip of the unposed body.
    """
    rest = hips_at_rest[:, 0]
    match place.meaning:
        case "smplx_transl":
            return rest + place.position
        case "pelvis":
            return place.position
        case "mid_hip":
            # The hips turn with the pelvis.
            below = hips_at_rest[:, 1:].mean(axis=1) - rest
            return place.position - turned(place.orient, below)
        case "origin_rotation":
            return turned(place.orient, rest) + place.position


def turned(
    orient: Float[np.ndarray, "rows 3"], points: Float[np.ndarray, "#rows 3"]
) -> Float[np.ndarray, "rows 3"]:
    """Rotate one point per row."""
    return (rotmats_from_axisangles(orient) @ points[..., None])[..., 0]


def moved(
    orient: Float[np.ndarray, "rows 3"],
    pelvis: Float[np.ndarray, "rows 3"],
    transform: Float[np.ndarray, "#rows 4 4"],
) -> tuple[Float[np.ndarray, "rows 3"], Float[np.ndarray, "rows 3"]]:
    """Express a root's rotation and pelvis in another frame of reference."""
    R, t = transform[:, :3, :3], transform[:, :3, 3]
    orient = axisangles_from_rotmats(R @ rotmats_from_axisangles(orient))
    return orient, (R @ pelvis[..., None])[..., 0] + t


def transform_between(
    orient_from: Float[np.ndarray, "rows 3"],
    pelvis_from: Float[np.ndarray, "rows 3"],
    orient_to: Float[np.ndarray, "rows 3"],
    pelvis_to: Float[np.ndarray, "rows 3"],
) -> Float[np.ndarray, "rows 4 4"]:
    """Find the rigid transforms between two frames of reference from one body seen in both."""
    back = np.swapaxes(rotmats_from_axisangles(orient_from), -1, -2)
    R = rotmats_from_axisangles(orient_to) @ back
    return rigid(R, pelvis_to - (R @ pelvis_from[..., None])[..., 0])


def rigid(
    rotmats: Float[np.ndarray, "*rows 3 3"], shifts: Float[np.ndarray, "*rows 3"]
) -> Float[np.ndarray, "*rows 4 4"]:
    """Assemble rigid transforms."""
    transforms = np.zeros((*shifts.shape[:-1], 4, 4))
    transforms[..., :3, :3] = rotmats
    transforms[..., :3, 3] = shifts
    transforms[..., 3, 3] = 1.0
    return transforms


def inverse(transforms: Float[np.ndarray, "*rows 4 4"]) -> Float[np.ndarray, "*rows 4 4"]:
    """Invert rigid transforms."""
    back = np.swapaxes(transforms[..., :3, :3], -1, -2)
    return rigid(back, (back @ -transforms[..., :3, 3:])[..., 0])
