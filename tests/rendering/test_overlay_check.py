from dataclasses import replace

import numpy as np
import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.motion import Motion
from neuhmr.body.pose_readings import read_as
from neuhmr.clip.clip import Clip, open_clip
from neuhmr.clip.masks import pack_masks
from neuhmr.rendering.overlay_check import overlay_problem
from tests.painted_clip import make_painted_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return open_clip(make_painted_clip(tmp_path_factory.mktemp("painted")))


def poses(clip: Clip) -> Motion:
    assert clip.motion is not None
    return clip.motion


def problem(clip: Clip, motion: Motion) -> str | None:
    found = overlay_problem(clip, motion, load_body_model())
    if found is None:
        return None
    assert all(f"--poses-as {reading}" in found.message for reading in found.readings)
    assert found.explanation.startswith(found.found) and "--" not in found.explanation
    return found.message


def moved(motion: Motion, scale: tuple[float, float, float]) -> Motion:
    """Scale where the pelvis is."""
    pelvis = load_body_model().with_shape(motion.betas).joints_rest[0]
    return replace(motion, transl=(motion.transl + pelvis) * torch.tensor(scale) - pelvis)


def test_estimated_and_true_poses_lie_on_the_person(clip: Clip):
    assert clip.truth is not None
    assert problem(clip, poses(clip)) is None
    assert problem(clip, clip.truth) is None
    assert problem(replace(clip, masks=None), poses(clip)) is None


@pytest.mark.parametrize(
    ("reading", "inverse"),
    [("millimeters", 1000.0), ("centimeters", 100.0)],
)
def test_units_are_named(clip: Clip, reading: str, inverse: float):
    wrong = replace(poses(clip), transl=inverse * poses(clip).transl)
    for looked_at in (clip, replace(clip, masks=None)):
        assert f"--poses-as {reading}" in (problem(looked_at, wrong) or "")
    assert problem(clip, read_as(wrong, reading, torch.zeros(3))) is None


@pytest.mark.parametrize("times", [16.0, 2.1, 0.45])
def test_another_focal_length_is_named_by_about_how_much(clip: Clip, times: float):
    found = problem(clip, moved(poses(clip), (1.0, 1.0, times)))
    assert found is not None
    reading = found.partition("--poses-as ")[2].split(" ")[0]
    assert float(reading.removeprefix("depth*")) == pytest.approx(1.0 / times, rel=0.25)
    focal = float(clip.camera.K[0, 0])
    named = float(found.partition("focal length of ")[2].split(" ")[0])
    assert named == pytest.approx(times * focal, rel=0.3)


def test_axes_that_point_up_are_named(clip: Clip):
    pelvis = load_body_model().with_shape(poses(clip).betas).joints_rest[0]
    wrong = read_as(poses(clip), "y-up", pelvis)
    assert "--poses-as y-up" in (problem(clip, wrong) or "")
    assert problem(clip, read_as(wrong, "y-up", pelvis)) is None


def test_poses_of_somebody_elsewhere_are_no_matter_of_reading(clip: Clip):
    aside = replace(poses(clip), transl=poses(clip).transl + torch.tensor([4.0, 0.0, 0.0]))
    found = problem(clip, aside)
    assert found is not None and "another clip or person" in found
    assert "--poses-as given" in found


def test_frames_without_a_pose_or_a_mask_are_not_looked_at(clip: Clip):
    motion = poses(clip)
    far = motion.transl.clone()
    far[1:] *= 1000.0
    valid = torch.zeros_like(motion.valid)
    assert problem(clip, replace(motion, transl=far, valid=valid)) is None
    valid[0] = True
    assert problem(clip, replace(motion, transl=far, valid=valid)) is None


def test_a_person_who_is_cut_off_by_the_picture_is_not_too_near(clip: Clip):
    shape = (clip.video.height, clip.video.width)
    filled = replace(clip, masks=pack_masks([np.ones(shape, bool)] * len(clip)))
    assert problem(filled, moved(poses(clip), (0.1, 0.1, 0.25))) is None


def test_a_person_behind_the_camera_in_some_frames_is_named(clip: Clip):
    motion = poses(clip)
    transl = motion.transl.clone()
    transl[[1, 2]] *= -1.0
    found = problem(clip, replace(motion, transl=transl))
    assert found is not None and "behind the camera in frames 1 to 2," in found
    valid = motion.valid.clone()
    valid[[1, 2]] = False
    assert problem(clip, replace(motion, transl=transl, valid=valid)) is None
