from dataclasses import replace

import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.skeleton import MATCHING_JOINTS
from neuhmr.geometry.cameras import camera_from_focal
from neuhmr.motion_prior.network import MotionPrior
from neuhmr.refine.draft.draft import draft_motion
from neuhmr.refine.draft.joint_sightings import JointSightings
from neuhmr.refine.draft.learned_start import as_directions, believe_poses
from neuhmr.refine.settings.draft import DraftConfig
from refine.bare_clip import bare_clip
from refine.draft.test_draft import marked_joints
from refine.splat_clip import wrong_by_rotations
from tests.motion_prior.scene import SMALL, random_network

CONFIG = DraftConfig(steps=6, camera_height=1.0)


def test_pixels_become_directions_and_their_misses_meters():
    camera = camera_from_focal(500.0, 400, 400)
    place = torch.tensor([0.4, -0.2, 5.0])
    pixels = camera.project(place[None, None]).expand(1, 16, 2).clone()
    precisions = torch.full((1, 16), 0.25)
    precisions[0, 3] = 0.0
    found = as_directions(
        JointSightings(pixels, precisions), camera, torch.tensor([[0.0, 3.0, 4.0]])
    )
    torch.testing.assert_close(found.directions[0, 0], place / 5.0)
    # Four pixels at a focal length of 500 px are 4 cm at 5 m.
    torch.testing.assert_close(found.misses[0, 0], torch.tensor(0.04))
    assert found.is_seen[0].tolist() == [number != 3 for number in range(16)]


def test_joints_are_looked_for_again_around_better_poses():
    clip = bare_clip()
    initial = wrong_by_rotations(clip.truth, 12.0, seed=1)
    body = clip.model.with_shape(initial.betas)
    asked = []

    class Watching(type(marked_joints(clip))):
        def find(self, around, sizes, on_frame):
            asked.append(around)
            return super().find(around, sizes, on_frame)

    finder = marked_joints(clip)
    watching = Watching(finder.features, finder.prototypes, finder.height, finder.width)
    sizes = torch.full((len(initial),), 100.0)
    frames = []
    found = believe_poses(
        random_network(), initial, body, clip.crops.cameras, sizes, watching, 30.0,
        lambda: frames.append(1),
    )  # fmt: skip
    initial_joints = LocalPose.from_motion(initial).bones(body).apply(body.joints_rest)
    assert len(asked) == 2
    assert len(frames) == 2 * len(initial), "it can be cancelled after every frame"
    torch.testing.assert_close(asked[0], clip.crops.cameras.project(initial_joints))
    assert not torch.allclose(asked[1], asked[0], atol=0.1)
    assert asked[0].shape[1] == 24 and len(MATCHING_JOINTS) == 16
    assert float((found.pose.rotmat - LocalPose.from_motion(initial).rotmat).abs().max()) > 0.01


def test_a_draft_begins_with_what_the_prior_believes():
    clip = bare_clip()
    initial = wrong_by_rotations(clip.truth, 12.0, seed=1)
    still = replace(
        CONFIG, steps=1, learning_rate=1e-6, typical_misfit=0.0, smoothing_frames=0, doubt=1e3
    )
    network = random_network()
    found = draft_motion(clip.crops, initial, clip.model, still, prior=network).pose
    body = clip.model.with_shape(initial.betas)
    sizes = torch.full((len(initial),), 100.0)
    believed = believe_poses(network, initial, body, clip.crops.cameras, sizes, None, 30.0).pose
    torch.testing.assert_close(found.rotmat, believed.rotmat, atol=1e-4, rtol=0)


def test_the_prior_pulls_the_draft_to_where_it_believes_the_joints():
    clip = bare_clip()
    initial = wrong_by_rotations(clip.truth, 12.0, seed=1)
    body = clip.model.with_shape(initial.betas)

    def distance(weight: float) -> float:
        config = replace(CONFIG, steps=40, prior_weight=weight)
        found = draft_motion(clip.crops, initial, clip.model, config, prior=MotionPrior(SMALL)).pose
        joints = found.bones(body).apply(body.joints_rest)
        old = LocalPose.from_motion(initial).bones(body).apply(body.joints_rest)
        relative = (joints - joints[:, :1]) - (old - old[:, :1])
        return float(relative.norm(dim=-1).mean())

    assert distance(3.0) < 0.8 * distance(0.01)


def test_poses_that_were_made_with_the_prior_are_begun_with_and_not_pulled_again():
    clip = bare_clip()
    initial = wrong_by_rotations(clip.truth, 12.0, seed=1)
    network = random_network()

    def draft(weight: float, is_believed: bool):
        config = replace(CONFIG, steps=10, smoothing_frames=0, doubt=1e3, prior_weight=weight)
        return draft_motion(
            clip.crops, initial, clip.model, config, prior=network, is_believed=is_believed
        )

    without = draft(0.0, is_believed=False)
    again, asked = draft(3.0, is_believed=True), draft(3.0, is_believed=False)
    torch.testing.assert_close(again.pose.rotmat, without.pose.rotmat, atol=0, rtol=0)
    assert float((asked.pose.rotmat - without.pose.rotmat).abs().max()) > 0.01
    assert without.beliefs is None and again.beliefs is not None
    torch.testing.assert_close(again.beliefs.sigmas, asked.beliefs.sigmas, atol=0, rtol=0)
