"""Keypoints, bones and heatmaps drawn over pictures."""

import colorsys

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw
from torch import Tensor

from neuhmr.body.skeleton import BODY_25_NAMES
from neuhmr.ghnerf.keypoints.keypoints2d import Keypoints2d

BONES: tuple[tuple[int, int], ...] = tuple(
    (BODY_25_NAMES.index(start), BODY_25_NAMES.index(end))
    for start, end in (
        ("nose", "neck"), ("neck", "mid_hip"), ("nose", "right_eye"), ("right_eye", "right_ear"),
        ("nose", "left_eye"), ("left_eye", "left_ear"), ("neck", "right_shoulder"),
        ("right_shoulder", "right_elbow"), ("right_elbow", "right_wrist"),
        ("neck", "left_shoulder"), ("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"),
        ("mid_hip", "right_hip"), ("right_hip", "right_knee"), ("right_knee", "right_ankle"),
        ("mid_hip", "left_hip"), ("left_hip", "left_knee"), ("left_knee", "left_ankle"),
        ("right_ankle", "right_heel"), ("right_ankle", "right_big_toe"),
        ("right_big_toe", "right_small_toe"), ("left_ankle", "left_heel"),
        ("left_ankle", "left_big_toe"), ("left_big_toe", "left_small_toe"),
    )
)  # fmt: skip
LEFT, RIGHT, MIDDLE = (80, 200, 255), (255, 150, 60), (235, 235, 235)
"""Colors of the subject's sides."""


def draw_keypoints(
    picture: UInt8[np.ndarray, "height width 3"], keypoints: Keypoints2d
) -> UInt8[np.ndarray, "height width 3"]:
    """Draw what was found, bones between neighbors; the subject's left is blue, the right orange.

    Args:
        picture: is left as it is.
        keypoints: of one person, in the picture's pixels.
    """
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    # PIL's coordinates have pixel centers at whole numbers.
    points = (keypoints.points.cpu() - 0.5).tolist()
    found = keypoints.found.tolist()
    thick = max(1, round(min(picture.shape[:2]) / 150))
    for start, end in BONES:
        if found[start] and found[end]:
            ends = [tuple(points[start]), tuple(points[end])]
            draw.line(ends, fill=_color(end), width=thick)
    for joint, (x, y) in enumerate(points):
        if found[joint]:
            reach = thick + 0.5
            draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=_color(joint))
    return np.asarray(image)


def draw_heatmaps(
    picture: UInt8[np.ndarray, "height width 3"], heatmaps: Float[Tensor, "joints height width"]
) -> UInt8[np.ndarray, "height width 3"]:
    """Lay all heatmaps over the dimmed picture, each joint in a hue of its own."""
    maps = heatmaps.detach().cpu().clamp(0.0, 1.0)
    hues = [colorsys.hsv_to_rgb(joint / len(maps), 1.0, 1.0) for joint in range(len(maps))]
    scores, best = maps.max(dim=0)
    colors = torch.tensor(hues)[best]
    base = torch.from_numpy(picture.copy()).float() / 255.0 * 0.5
    mixed = base * (1.0 - scores[..., None]) + colors * scores[..., None]
    return (255.0 * mixed).round().byte().numpy()


def as_picture(color: Float[Tensor, "height width 3"]) -> UInt8[np.ndarray, "height width 3"]:
    """Turn colors in [0, 1] into bytes."""
    return (255.0 * color.detach().cpu().clamp(0.0, 1.0)).round().byte().numpy()


def side_by_side(
    pictures: list[UInt8[np.ndarray, "_height _width 3"]],
) -> UInt8[np.ndarray, "height width 3"]:
    """Put pictures of any heights next to each other, black below shorter ones."""
    height = max(picture.shape[0] for picture in pictures)
    padded = [
        np.pad(picture, ((0, height - picture.shape[0]), (0, 0), (0, 0))) for picture in pictures
    ]
    return np.concatenate(padded, axis=1)


def _color(joint: int) -> tuple[int, int, int]:
    name = BODY_25_NAMES[joint]
    return LEFT if name.startswith("left") else RIGHT if name.startswith("right") else MIDDLE
