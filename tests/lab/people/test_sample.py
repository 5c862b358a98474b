import json
from pathlib import Path

import numpy as np
import pytest
import torch

from neuhmr.clip.clip import open_clip
from neuhmr.lab.people.sample import NUM_FRAMES, SAMPLE_PERSON, sample_motion, sample_person
from neuhmr.lab.people.splits import split_of

SAMPLE = Path(__file__).parents[3] / "sample_data" / "turn.mp4"


@pytest.fixture(scope="module")
def sample():
    return open_clip(SAMPLE)


def test_the_sample_is_complete_and_small(sample):
    assert (len(sample), sample.video.height, sample.video.width) == (NUM_FRAMES, 512, 512)
    assert sample.motion is not None
    assert sample.truth is not None
    assert sample.masks is not None
    assert sum(path.stat().st_size for path in SAMPLE.parent.iterdir()) < 3_000_000


def test_no_training_has_seen_the_sample_person():
    assert split_of(SAMPLE_PERSON) == "test"
    assert json.loads(SAMPLE.with_suffix(".person.json").read_text())["seed"] == SAMPLE_PERSON


def test_the_person_turns_fully_around(sample):
    # In OpenCV axes a person who faces the camera looks along -z; the front is the third column.
    ahead = sample.truth.global_orient[..., 2]
    heading = np.unwrap(np.arctan2(ahead[:, 0].numpy(), -ahead[:, 2].numpy()))
    assert abs(heading[-1] - heading[0]) > np.radians(345)


def test_the_initial_poses_are_as_wrong_as_an_estimators():
    errors = json.loads(SAMPLE.with_suffix(".person.json").read_text())["pose_errors"]
    assert 80 <= errors["mpjpe_mm"] <= 115
    assert 50 <= errors["pa_mpjpe_mm"] <= 72
    assert errors["along_ray_mm"] > 1.2 * errors["in_plane_mm"]
    assert errors["joints_2d_px"] < 4.5


def test_the_truth_lies_under_the_masks(sample, open_body):
    body = open_body
    keep = body.lbs_weights[:, 20:].sum(dim=1) < 0.3
    posed = sample.truth[::10].pose(body)
    for row, frame in enumerate(range(0, NUM_FRAMES, 10)):
        pixels = sample.camera.project(posed.vertices[row]).floor().long()
        mask = torch.from_numpy(sample.masks.mask(frame).copy())
        inside = mask[pixels[:, 1], pixels[:, 0]].float()
        assert float(inside[keep].mean()) > 0.97
        assert float(inside.mean()) > 0.94


def test_the_files_are_what_the_code_makes(sample):
    person = sample_person(texture_size=64)
    torch.testing.assert_close(sample.truth.betas, person.betas)
    # Body poses do not depend on the camera, so they compare directly.
    made = sample_motion(person).body_pose
    # The clip's shoes have thinner soles than today's, which turns ankles by half a degree.
    torch.testing.assert_close(sample.truth.body_pose, made, atol=1e-2, rtol=0)
