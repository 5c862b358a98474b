"""Toy numbers behind the stages: depths, similarity maps."""

import numpy as np

from tests.workbench.fake_heatmaps import BOX
from tests.workbench.synthetic_figure import figure_joints, true_motion
from workbench.engine.depth_tests import DepthTests, DepthWindow

NUM_JOINTS = 24
CROP_SIZE = (240, 180)
SURFACE_M = 3.0


def toy_offsets(frame: int) -> np.ndarray:
    """How far each joint lies behind the surface (m): from 0 to 0.46, another joint each frame."""
    return 0.02 * ((np.arange(NUM_JOINTS) + frame) % NUM_JOINTS)


def toy_depths(frames: tuple[int, ...], pixels: np.ndarray) -> DepthTests:
    """Put a flat surface before joints that lie behind it by `toy_offsets`."""
    surface = np.full((len(frames), NUM_JOINTS), SURFACE_M, np.float32)
    offsets = np.stack([toy_offsets(frame) for frame in frames]).astype(np.float32)
    return DepthTests(
        frames=tuple(frames),
        pixels=pixels.astype(np.float32),
        joint_depths=surface + offsets,
        surface_depths=surface,
        opacities=np.ones_like(surface),
        crop_size=CROP_SIZE,
    )


def toy_pixels(camera, frame: int) -> np.ndarray:
    """Project the true joints into the crop of a frame (px)."""
    joints = figure_joints(true_motion())[frame]
    K = camera.K.numpy()
    pixels = joints[:, :2] / joints[:, 2:] @ K[:2, :2].T + K[:2, 2]
    left, top, width, height = BOX
    return (pixels - [left, top]) / [width / CROP_SIZE[1], height / CROP_SIZE[0]]


def toy_similarity(frame: int, joint: int) -> np.ndarray:
    """Draw a hill a quarter as fine as the crop."""
    rows, columns = CROP_SIZE[0] // 4, CROP_SIZE[1] // 4
    v, u = np.mgrid[:rows, :columns]
    center = np.random.default_rng(frame * 31 + joint).uniform(0.3, 0.7, 2)
    squares = (v / rows - center[0]) ** 2 + (u / columns - center[1]) ** 2
    return (0.9 * np.exp(-squares / 0.02)).astype(np.float32)


def toy_window(frame: int, joint: int) -> DepthWindow:
    """A slope that comes nearer downwards, with nothing at its left."""
    depths = np.repeat(np.linspace(3.6, 2.8, 72)[:, None], 72, axis=1).astype(np.float32)
    depths[:, :20] = np.nan
    return DepthWindow(
        frame=frame, joint=joint, center=np.float32([90, 120]), reach=36.0, depths=depths
    )
