"""Tests of neuhmr.clip.crops."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from neuhmr.body.motion import Motion
from neuhmr.clip.clip import Clip, open_clip
from neuhmr.clip.crops import Window, crop_person, window_cameras
from neuhmr.clip.masks import pack_masks
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.clip.video import write_video
from neuhmr.errors import ClipError
from neuhmr.geometry.cameras import Camera, camera_from_focal
from synthetic_body import make_synthetic_body

IMAGE_HEIGHT, IMAGE_WIDTH, FRAMES = 240, 320, 6
DOTS = torch.tensor([
    [-0.2, -0.4, 3.0], [0.25, -0.3, 2.6], [0.0, 0.0, 2.8], [-0.3, 0.3, 3.2], [0.2, 0.45, 3.0],
])  # fmt: skip
"""Points in front of the camera (m)."""


def draw_dots(pixels: torch.Tensor, height: int, width: int, spread: float) -> torch.Tensor:
    """Draw a Gaussian spot of 250 levels around each position (px, centers at +0.5)."""
    v = torch.arange(height)[:, None] + 0.5
    u = torch.arange(width)[None, :] + 0.5
    squared = (u - pixels[:, 0, None, None]) ** 2 + (v - pixels[:, 1, None, None]) ** 2
    return 250 * torch.exp(-0.5 * squared / spread**2).amax(dim=0)


def find_dot(image: torch.Tensor, near: torch.Tensor, reach: float) -> torch.Tensor:
    """Center of brightness (px) within `reach` px of a position."""
    v = torch.arange(image.shape[0])[:, None] + 0.5
    u = torch.arange(image.shape[1])[None, :] + 0.5
    is_near = (u - near[0]).abs().maximum((v - near[1]).abs()) < reach
    light = torch.where(is_near, image, 0.0)
    return torch.stack([(light * u).sum(), (light * v).sum()]) / light.sum()


@pytest.fixture(scope="module")
def camera() -> Camera:
    return camera_from_focal(300.0, IMAGE_HEIGHT, IMAGE_WIDTH)


@pytest.fixture(scope="module")
def motion() -> Motion:
    """Walk sideways 3 m in front of the camera, upright in OpenCV's axes."""
    steps = torch.arange(FRAMES)[:, None] * torch.tensor([0.1, 0.0, 0.0])
    return Motion.from_axisangle(
        torch.tensor([torch.pi, 0.0, 0.0]).repeat(FRAMES, 1),
        torch.zeros(FRAMES, 69),
        torch.tensor([-0.3, -0.1, 3.0]) + steps,
        torch.zeros(10),
    )


@pytest.fixture(scope="module")
def clip(tmp_path_factory, camera, motion) -> Clip:
    """The joints of a walking body as bright dots, and the box of its vertices as mask."""
    posed = motion.pose(make_synthetic_body())
    frames, masks = [], []
    for row in range(FRAMES):
        dots = draw_dots(camera.project(posed.joints[row]), IMAGE_HEIGHT, IMAGE_WIDTH, 2.0)
        frames.append(dots.round().to(torch.uint8)[..., None].repeat(1, 1, 3).numpy())
        pixels = camera.project(posed.vertices[row])
        low, high = pixels.amin(dim=0).int().tolist(), pixels.amax(dim=0).int().tolist()
        mask = np.zeros((IMAGE_HEIGHT, IMAGE_WIDTH), bool)
        mask[max(low[1], 0) : high[1] + 1, max(low[0], 0) : high[0] + 1] = True
        masks.append(mask)
    path = tmp_path_factory.mktemp("crops") / "walk.mp4"
    write_video(path, frames, fps=10)
    opened = open_clip(path, poses=MotionArrays.from_motion(motion, 10.0, camera))
    return replace(opened, masks=pack_masks(masks))


# Larger and smaller than the crop, off the image, and with fractions of pixels everywhere.
@pytest.mark.parametrize(
    "window", [(60.3, -10.2, 180.0, 240.0), (-30.7, 3.1, 303.0, 404.0), (90.45, 40.9, 120.3, 160.4)]
)
def test_a_crops_camera_says_where_things_land_in_it(camera, window):
    # Spots wide enough for 8 bits and area averaging to keep their centers.
    image = draw_dots(camera.project(DOTS), IMAGE_HEIGHT, IMAGE_WIDTH, spread=3.0)
    crop = Window(np.array(window), IMAGE_HEIGHT, IMAGE_WIDTH, 120, 90)
    cut = crop.cut(image.round().to(torch.uint8)[..., None])[0]
    cropped = window_cameras(replace(camera, K=camera.K[None]), np.array([window]), 120, 90)
    scale = 90 / window[2]
    num_tested = 0
    for position in cropped[0].project(DOTS):
        if bool((position > 12).all()) and position[0] < 78 and position[1] < 108:
            found = find_dot(cut, position, reach=9 * scale)
            assert (found - position).abs().max() < 0.05  # px; a half-pixel slip would be 0.25.
            num_tested += 1
    assert num_tested >= 2


def test_a_window_of_whole_pixels_copies_them():
    image = torch.randint(0, 256, (20, 30, 3), dtype=torch.uint8)
    cut = Window(np.array([4.0, 5.0, 12.0, 10.0]), 20, 30, 10, 12).cut(image)
    torch.testing.assert_close(cut, image[5:15, 4:16].permute(2, 0, 1).float())


def test_shrinking_averages_areas_and_does_not_alias():
    # Stripes of one pixel, and a crop of a quarter of the size: all gray, wherever it starts.
    image = torch.zeros(80, 80, 1, dtype=torch.uint8)
    image[:, ::2] = 200
    cut = Window(np.array([8.0, 8.0, 64.0, 64.0]), 80, 80, 16, 16).cut(image)
    torch.testing.assert_close(cut, torch.full_like(cut, 100.0))
    # At 4.3 pixels each, single stripes still show as at most half a stripe in 4.3.
    cut = Window(np.array([3.7, 3.7, 68.8, 68.8]), 80, 80, 16, 16).cut(image)
    assert (cut - 100.0).abs().max() <= 0.5 / 4.3 * 200 + 1e-3


def test_what_lies_outside_the_image_is_black_and_not_covered():
    window = Window(np.array([-10.0, 15.0, 20.0, 10.0]), 20, 30, 10, 20)
    cut = window.cut(torch.full((20, 30, 3), 255, dtype=torch.uint8))
    coverage = window.coverage()
    assert (
        coverage[:5, 10:].eq(1).all() and coverage[5:].eq(0).all() and coverage[:, :10].eq(0).all()
    )
    torch.testing.assert_close(cut, (coverage * 255).expand(3, -1, -1))
    away = Window(np.array([500.0, 500.0, 20.0, 10.0]), 20, 30, 10, 20)
    assert away.cut(torch.ones(20, 30, 1, dtype=torch.bool)).eq(0).all()


def test_joints_land_where_the_crops_cameras_put_them(clip, motion):
    model = make_synthetic_body()
    seen = []
    crops = crop_person(clip, motion, model, height=160, width=120, on_frame=seen.append)
    assert crops.images.shape == (FRAMES, 3, 160, 120) and crops.images.dtype == torch.uint8
    assert crops.masks.shape == (FRAMES, 160, 120) and len(crops) == FRAMES
    assert [progress.done for progress in seen] == list(range(1, FRAMES + 1))
    joints = motion.pose(model).joints[:, [4, 5, 15]]  # Knees and head: dots apart from others.
    pixels = crops.cameras.project(joints)
    for row in range(FRAMES):
        image = crops.images[row].float().mean(dim=0)
        for position in pixels[row]:
            assert (find_dot(image, position, reach=6.0) - position).abs().max() < 0.25


def test_the_whole_person_is_inside_with_the_margin(clip, motion):
    model = make_synthetic_body()
    crops = crop_person(clip, motion, model, height=160, width=120, margin=0.1)
    pixels = crops.cameras.project(motion.pose(model).vertices)
    size = torch.tensor([120.0, 160.0])
    low, high = pixels.amin(dim=(0, 1)) / size, pixels.amax(dim=(0, 1)) / size
    # The arms span the width: a margin of 0.1 on each side is 0.1 / 1.2 of the crop.
    assert low.min() > 0.07 and high.max() < 0.93
    assert low[0] < 0.12 and high[0] > 0.88
    torch.testing.assert_close(crops.boxes[:, 2] / crops.boxes[:, 3], torch.full((FRAMES,), 0.75))
    area = crops.masks.sum(dim=(1, 2)) * (crops.boxes[:, 2] / 120) ** 2
    assert clip.masks is not None
    expected = torch.tensor([float(clip.masks.mask(row).sum()) for row in range(FRAMES)])
    torch.testing.assert_close(area, expected, rtol=1e-4, atol=0)
    masked = crops.masked_images()
    assert masked.min() >= 0 and masked.max() <= 1
    assert masked.amax(dim=1)[crops.masks == 0].eq(0).all()


def test_rows_follow_the_motion_and_invalid_ones_have_no_mask(clip, motion):
    model = make_synthetic_body()
    part = replace(motion[torch.tensor([1, 2, 5])], valid=torch.tensor([True, False, True]))
    crops = crop_person(clip, part, model, height=80, width=60)
    assert crops.frame_index.tolist() == [1, 2, 5]
    assert crops.masks[1].eq(0).all() and crops.masks[0].max() == 1 and crops.masks[2].max() == 1
    middles = crops.boxes[:, 0] + crops.boxes[:, 2] / 2
    assert middles[0] < middles[1] < middles[2]
    assert crops.images[1].max() > 100  # The picture itself is there.
    assert crops[1:].frame_index.tolist() == [2, 5] and crops[1:].cameras.K.shape == (2, 3, 3)


def test_without_masks_the_drawn_body_stands_in_a_little_widened(clip, motion):
    calls = []

    def silhouette(row: int, camera: Camera) -> torch.Tensor:
        calls.append(row)
        mask = torch.zeros(camera.height, camera.width, dtype=torch.bool)
        mask[80, 60] = True
        return mask

    bare = replace(clip, masks=None)
    part = replace(motion, valid=torch.tensor([True] * 5 + [False]))
    crops = crop_person(bare, part, make_synthetic_body(), 160, 120, fallback_mask=silhouette)
    assert calls == [0, 1, 2, 3, 4]
    # 160 / 80 = 2 px on each side of the one pixel.
    assert crops.masks[0].sum() == 25 and crops.masks[0, 78:83, 58:63].eq(1).all()
    assert crops.masks[5].eq(0).all()


def test_no_masks_and_no_stand_in_is_the_users_to_solve(clip, motion):
    with pytest.raises(ClipError, match=r"walk\.mp4 has no person masks.*neuhmr init --masks-out"):
        crop_person(replace(clip, masks=None), motion, make_synthetic_body())


def test_a_wrong_pose_next_to_the_camera_does_not_shrink_the_person_to_a_dot(clip, motion):
    transl = motion.transl.clone()
    transl[2, 2] = 0.05  # Half of the body is behind the camera.
    transl[4, 0] = 40.0  # Far out of the picture.
    wrong = replace(motion, transl=transl)
    crops = crop_person(clip, wrong, make_synthetic_body(), height=80, width=60)
    assert crops.boxes.isfinite().all() and crops.boxes[:, 3].max() < 4 * IMAGE_WIDTH
