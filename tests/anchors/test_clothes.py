"""How far clothes reach: found from masks of dressed bodies, and what an avatar makes of it."""

from dataclasses import replace
from functools import cache

import torch
from torch import Tensor

from neuhmr.anchors.clothes import LEAST_VOTES, MOST_FRAMES, find_cloth_reach, frame_votes
from neuhmr.body.model_files import load_body_model
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import PosedBody, ShapedBody
from neuhmr.clip.crops import PersonCrops
from neuhmr.geometry.cameras import Camera, camera_from_focal
from neuhmr.geometry.mesh_normals import vertex_normals
from neuhmr.geometry.rotations import rotation_about
from neuhmr.ghn.cloth_reach import HEIGHTS, ClothReach
from neuhmr.rendering.mesh_raster import rasterize_mesh

FRAMES, HEIGHT, WIDTH = 12, 260, 180
LEGS = (4, 5, 7, 8)


@cache
def shaped() -> ShapedBody:
    return load_body_model().with_shape(torch.zeros(10))


def turning(frames: int = FRAMES) -> Motion:
    """The body in its rest pose, turned once around, 3 m away: 8 mm a pixel."""
    upright = torch.diag(torch.tensor([1.0, -1.0, -1.0]))
    turns = rotation_about("y", torch.arange(frames) * (2 * torch.pi / frames))
    return Motion(
        betas=torch.zeros(10),
        global_orient=upright @ turns,
        body_pose=torch.eye(3).expand(frames, 23, 3, 3),
        transl=torch.tensor([0.0, 0.0, 3.0]).expand(frames, 3),
        frame_index=torch.arange(frames),
        valid=torch.ones(frames, dtype=torch.bool),
    )


def posed(motion: Motion) -> PosedBody:
    return shaped().with_pose(motion.body_pose, motion.global_orient, motion.transl)


def cameras(frames: int) -> Camera:
    camera = camera_from_focal(380.0, HEIGHT, WIDTH)
    return replace(camera, K=camera.K.expand(frames, 3, 3))


def dressed(motion: Motion, thickness: Tensor) -> PersonCrops:
    """Crops whose masks are of the body under cloth so thick at each vertex (m)."""
    bodies, seen_by = posed(motion), cameras(len(motion))
    masks = []
    for row in range(len(motion)):
        body = bodies[row]
        normals = vertex_normals(body.vertices, body.faces)
        outer = body.vertices + thickness[:, None] * normals
        masks.append(rasterize_mesh(outer, body.faces, seen_by[row]).mask.float())
    return PersonCrops(
        images=torch.zeros(len(motion), 3, HEIGHT, WIDTH, dtype=torch.uint8),
        masks=torch.stack(masks),
        cameras=seen_by,
        boxes=torch.tensor([0.0, 0.0, WIDTH, HEIGHT]).expand(len(motion), 4),
        frame_index=motion.frame_index,
    )


def of_legs() -> Tensor:
    return shaped().model.lbs_weights[:, LEGS].sum(dim=1) > 0.9


def reach_of(cloth: ClothReach, chosen: Tensor) -> float:
    """Mean height up to which more than half is left (m)."""
    above = (cloth.left[chosen] > 0.5).sum(dim=1) - 1
    return float(torch.tensor(HEIGHTS)[above].mean())


def everywhere(thickness: float) -> Tensor:
    return torch.full((len(shaped().v_shaped),), thickness)


def test_tight_and_loose_clothes_are_told_apart_limb_by_limb() -> None:
    legs = of_legs()
    loose_legs = torch.where(legs, 0.035, 0.0)
    cloth = find_cloth_reach(dressed(turning(), loose_legs), shaped(), turning())
    assert 0.025 < reach_of(cloth, legs) < 0.045
    assert reach_of(cloth, shaped().model.lbs_weights[:, 15] > 0.9) < 0.012, "the head is bare"
    bare = find_cloth_reach(dressed(turning(), everywhere(0.0)), shaped(), turning())
    assert reach_of(bare, legs) < 0.008


def test_poses_that_are_wrong_in_both_directions_change_little() -> None:
    # By 1.5 cm to the left and to the right in turns: a single frame would be off by as much.
    truth = turning(24)
    shifts = torch.tensor([0.015, -0.015]).repeat(12)
    wrong = replace(truth, transl=truth.transl + shifts[:, None] * torch.tensor([1.0, 0.0, 0.0]))
    crops = dressed(truth, everywhere(0.02))
    right = reach_of(find_cloth_reach(crops, shaped(), truth), of_legs())
    assert abs(reach_of(find_cloth_reach(crops, shaped(), wrong), of_legs()) - right) < 0.007


def test_a_few_masks_of_something_else_change_little() -> None:
    motion = turning(36)
    crops = dressed(motion, everywhere(0.02))
    masks = crops.masks.clone()
    masks[::6] = 1.0
    right = find_cloth_reach(crops, shaped(), motion)
    found = find_cloth_reach(replace(crops, masks=masks), shaped(), motion)
    assert abs(reach_of(found, of_legs()) - reach_of(right, of_legs())) < 0.01


def test_rows_without_a_pose_have_no_vote_and_long_clips_are_thinned_out() -> None:
    crops = dressed(turning(), everywhere(0.02))
    masks = crops.masks.clone()
    masks[::2] = 1.0
    valid = torch.arange(FRAMES) % 2 == 1
    found = find_cloth_reach(replace(crops, masks=masks), shaped(), replace(turning(), valid=valid))
    odd = find_cloth_reach(crops[valid], shaped(), turning()[valid])
    torch.testing.assert_close(found.left, odd.left)
    long = turning(MOST_FRAMES + 1)
    crops = dressed(long, everywhere(0.02))
    # The first and the last are always asked; the one in the middle is left out.
    left_out = replace(crops, masks=crops.masks.clone())
    left_out.masks[MOST_FRAMES // 2] = 1.0
    first = replace(crops, masks=crops.masks.clone())
    first.masks[0] = 1.0
    usual = find_cloth_reach(crops, shaped(), long).left
    assert torch.equal(find_cloth_reach(left_out, shaped(), long).left, usual)
    assert not torch.equal(find_cloth_reach(first, shaped(), long).left, usual)


def test_a_body_behind_the_camera_or_outside_the_image_has_no_vote() -> None:
    crops = dressed(turning(), everywhere(0.02))
    transl = turning().transl.clone()
    transl[3], transl[6] = torch.tensor([0.0, 0.0, -3.0]), torch.tensor([4.0, 0.0, 3.0])
    lost = torch.isin(torch.arange(FRAMES), torch.tensor([3, 6]))
    found = find_cloth_reach(crops, shaped(), replace(turning(), transl=transl))
    expected = find_cloth_reach(crops, shaped(), replace(turning(), valid=~lost))
    assert torch.equal(found.left, expected.left)
    assert not torch.equal(found.left, find_cloth_reach(crops, shaped(), turning()).left)


def test_where_nobody_votes_everything_is_left() -> None:
    nobody = replace(turning(), valid=torch.zeros(FRAMES, dtype=torch.bool))
    found = find_cloth_reach(dressed(turning(), everywhere(0.0)), shaped(), nobody)
    assert 0.0 < LEAST_VOTES and bool((found.left > 0.999).all())


def test_a_vote_is_cast_beside_the_body_and_inside_the_picture_only() -> None:
    motion = turning(1)
    body, camera = posed(motion)[0], cameras(1)[0]
    seen, cast = frame_votes(body, camera, torch.ones(HEIGHT, WIDTH))
    torch.testing.assert_close(seen, cast)
    # At the middle of the chest the body itself is behind every height.
    chest = int((body.vertices - body.joints[9]).norm(dim=1).argmin())
    assert cast[chest].sum() == 0.0
    assert 0.05 < float(cast[:, -1].mean()) < 0.6
    away = replace(motion, transl=motion.transl + torch.tensor([5.0, 0.0, 0.0]))
    assert frame_votes(posed(away)[0], camera, torch.ones(HEIGHT, WIDTH)).sum() == 0.0
