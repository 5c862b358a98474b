"""Motion in the layout of 4D-Humans' video results (PHALP), as a plain pickle of NumPy arrays.

Its camera looks through a fixed focal length at the middle of the image, so that a person who was
fitted through another lens is moved: as large in the picture, and at the same place of it.
"""

import pickle
from pathlib import Path

import numpy as np
from jaxtyping import Float

from neuhmr.clip.atomic import atomic_path
from neuhmr.errors import PoseFileError
from neuhmr.formats.writing.animation import Animation, Remarks
from neuhmr.formats.writing.wham_pkl import PICKLE_PROTOCOL

FOCAL_PER_PIXEL = 5000.0 / 256.0
"""Focal length by the longer side of the image."""
BOX_ASPECT = 192.0 / 256.0
"""Width by height that boxes are padded to."""
TRACK = 1


def write(path: Path, animation: Animation) -> Remarks:
    """Write one track frame by frame; frames without a pose hold empty lists.

    Raises:
        OutputError: the file cannot be written.
        PoseFileError: the motion does not say through which camera it was seen.
    """
    motion = animation.motion
    if motion.K is None or motion.image_size is None:
        raise PoseFileError(
            "The motion does not hold its camera (K and image_size), which the layout of "
            "4D-Humans needs; write another format, or refine the clip and convert the result."
        )
    cameras = phalp_camera(animation)
    boxes = _boxes(animation)
    row_of = {int(frame): row for row, frame in enumerate(motion.frame_index) if motion.valid[row]}
    frames = {}
    for frame in range(int(motion.frame_index[-1]) + 1):
        name = f"img/{frame + 1:06d}.jpg"  # ffmpeg counts from 1.
        row = row_of.get(frame)
        people = [] if row is None else [_person(animation, row, cameras[row], boxes[row], name)]
        lists = {key: [person[key] for person in people] for key in _KEYS}
        frames[name] = {"time": frame, "shot": 0, "frame_path": name, **lists}
    with atomic_path(path) as partial:
        partial.write_bytes(pickle.dumps(frames, protocol=PICKLE_PROTOCOL))
    return (
        "The translation is for 4D-Humans' own focal length, "
        f"{FOCAL_PER_PIXEL * max(motion.image_size):.0f} px, so distances are those of its camera.",
        "Appearance, keypoints and masks are left out, and the rate, which the layout has no "
        "place for.",
    )


def phalp_camera(animation: Animation) -> Float[np.ndarray, "rows 3"]:
    """Find smplx translations (m) that put the pelvis at the same pixel, as large as before."""
    motion = animation.motion
    assert motion.K is not None and motion.image_size is not None, "checked by the caller"
    K = np.broadcast_to(motion.K, (len(motion), 3, 3)).astype(np.float64)
    height, width = motion.image_size
    focal = FOCAL_PER_PIXEL * max(height, width)
    pelvis = animation.joints[:, 0]
    depth = np.where(motion.valid, pelvis[:, 2], 1.0)
    pixels = (K @ pelvis[..., None])[:, :2, 0] / depth[:, None]
    # The geometric mean keeps the area of bodies seen through unequal focal lengths.
    new_depth = depth * focal / np.sqrt(K[:, 0, 0] * K[:, 1, 1])
    across = (pixels - [width / 2.0, height / 2.0]) * (new_depth / focal)[:, None]
    return np.concatenate([across, new_depth[:, None]], axis=1) - animation.joints_rest[0]


_KEYS = (
    "tid", "bbox", "tracked_time", "tracked_ids", "tracked_bbox", "center", "scale", "size",
    "img_path", "img_name", "class_name", "conf", "smpl", "camera", "camera_bbox",
)  # fmt: skip
"""Parallel lists over the people of a frame."""


def _person(
    animation: Animation,
    row: int,
    camera: Float[np.ndarray, " 3"],
    box: Float[np.ndarray, " 4"],
    name: str,
) -> dict[str, object]:
    height, width = animation.motion.image_size or (0, 0)
    center = box[:2] + box[2:] / 2.0
    padded = max(box[3], box[2] / BOX_ASPECT)
    focal = FOCAL_PER_PIXEL * max(height, width)
    weak_scale = 2.0 * focal / (padded * camera[2])
    weak = camera[:2] - 2.0 * (center - [width / 2.0, height / 2.0]) / (padded * weak_scale)
    rotmats = animation.local_rotmats[row].astype(np.float32)
    return {
        "tid": TRACK, "tracked_ids": TRACK, "tracked_time": 0, "class_name": 0, "conf": 1.0,
        "bbox": box, "tracked_bbox": box, "center": center,
        "scale": float(padded / max(height, width)), "size": [height, width],
        "img_path": name, "img_name": Path(name).name,
        "smpl": {
            "global_orient": rotmats[:1], "body_pose": rotmats[1:],
            "betas": animation.betas.astype(np.float32),
        },
        "camera": camera.astype(np.float32),
        "camera_bbox": np.array([weak_scale, *weak], np.float32),
    }  # fmt: skip


def _boxes(animation: Animation) -> Float[np.ndarray, "rows 4"]:
    """Frame the surface in the picture: left, top, width, height (px)."""
    motion = animation.motion
    assert motion.K is not None, "checked by the caller"
    K = np.broadcast_to(motion.K, (len(motion), 3, 3)).astype(np.float64)
    boxes = []
    for rows in animation.chunks():
        in_image = animation.vertices(rows) @ np.swapaxes(K[rows], -1, -2)
        # Placeholders may lie in the camera, where nothing has a pixel.
        depth = np.where(in_image[..., 2:] > 0.0, in_image[..., 2:], 1.0)
        pixels = in_image[..., :2] / depth
        low, high = pixels.min(axis=1), pixels.max(axis=1)
        boxes.append(np.concatenate([low, high - low], axis=1))
    return np.concatenate(boxes)
