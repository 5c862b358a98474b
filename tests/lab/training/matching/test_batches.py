"""Batches of matching: joints stay on their pixels however the picture is changed."""

import torch

from neuhmr.body.skeleton import MATCHING_JOINTS, SMPL_JOINT_NAMES
from neuhmr.lab.training.matching.batches import (
    MIRRORED,
    MatchingPerson,
    draw_astray,
    draw_matching_batch,
)

JOINTS = len(MATCHING_JOINTS)
FRAMES = 4


def dotted_person() -> MatchingPerson:
    """Dark pictures with one bright dot, where one joint is; the others are on dark skin."""
    generator = torch.Generator().manual_seed(0)
    joints = 60 + 40 * torch.rand(FRAMES, JOINTS, 2, generator=generator)
    images = torch.full((FRAMES, 3, 160, 160), 20, dtype=torch.uint8)
    masks = torch.zeros(FRAMES, 160, 160, dtype=torch.bool)
    masks[:, 20:140, 40:120] = True
    for frame in range(FRAMES):
        u, v = joints[frame, 3].long().tolist()
        joints[frame, 3] = torch.tensor([u + 0.5, v + 0.5])
        images[frame, :, v - 1 : v + 2, u - 1 : u + 2] = 255
    return MatchingPerson(
        images=images * masks[:, None],
        masks=masks,
        joints=joints,
        visible=torch.arange(JOINTS).expand(FRAMES, JOINTS) != 5,
        heights=torch.full((FRAMES,), 150.0),
    )


def test_joints_stay_on_their_pixels() -> None:
    person = dotted_person()
    for seed in range(6):
        batch = draw_matching_batch(person, FRAMES, torch.Generator().manual_seed(seed))
        for image, joints in zip(batch.images, batch.joints, strict=True):
            bright = (image[0] > 0.5 * image[0].amax()).nonzero()
            spot = bright.flip(-1).float().mean(dim=0) + 0.5
            # A mirrored picture shows the left knee where the right one is.
            misses = [(joints[j] - spot).norm().item() for j in (3, MIRRORED[3])]
            assert min(misses) < 1.0


def test_mirroring_swaps_sides_and_keeps_the_middle() -> None:
    names = [SMPL_JOINT_NAMES[joint] for joint in MATCHING_JOINTS]
    for here, there in enumerate(MIRRORED):
        expected = names[here].replace("left", "RIGHT").replace("right", "left")
        assert names[there] == expected.replace("RIGHT", "right")


def test_the_picture_has_the_drawn_size_and_hides_what_was_hidden() -> None:
    batch = draw_matching_batch(dotted_person(), 3, torch.Generator().manual_seed(1))
    assert batch.images.shape[0] == 3 and batch.images.shape[-1] % 32 == 0
    assert batch.visible.sum() == 3 * (JOINTS - 1)
    # Distances between joints grow with the person: 150 px tall means scale 1.
    spread = (batch.joints[:, :1] - batch.joints[:, 1:2]).norm()
    assert 0 < spread < 60 * batch.scale * 3


def test_part_of_what_goes_astray_is_the_same_in_all_frames() -> None:
    generator = torch.Generator().manual_seed(0)
    constants, totals = [], []
    for _ in range(200):
        astray = draw_astray(40, 16, generator)
        constants.append(astray.mean(dim=0).square().mean())
        totals.append(astray.square().mean())
    share = (torch.stack(constants).sum() / torch.stack(totals).sum()).item()
    # The constant share is drawn between 0.2 and 0.9; averaging leaves 1/40 of the rest.
    assert 0.5 < share < 0.62
