"""A draft is the same wherever it is made."""

import torch

from neuhmr.motion_prior.checkpoint import load_motion_prior
from neuhmr.refine.draft.draft import Draft, draft_motion
from neuhmr.refine.draft.joint_sightings import make_finder
from neuhmr.refine.settings.draft import DraftConfig
from refine.bare_clip import bare_clip
from refine.splat_clip import wrong_by_rotations


def draft_on(device: str) -> Draft:
    """A draft with everything that it may look at: masks, joints, the motion prior."""
    clip = bare_clip()
    initial = wrong_by_rotations(clip.truth, 12.0, seed=1)
    generator = torch.Generator().manual_seed(0)
    features = torch.rand(len(initial), 25, 40, 30, generator=generator)
    crops = clip.crops.to(device)
    finder = make_finder(torch.eye(24, 25).to(device), features.to(device), crops)
    config = DraftConfig(steps=6, camera_height=1.0)
    return draft_motion(
        crops, initial.to(device), clip.model.to(device), config, finder=finder,
        prior=load_motion_prior(device=device),
    )  # fmt: skip


def test_a_draft_with_joints_and_the_motion_prior_is_the_same(elsewhere: str) -> None:
    here, there = draft_on("cpu"), draft_on(elsewhere)
    # Six steps of descent amplify what rounding differs by in single joints.
    off = (there.pose.rotmat.cpu() - here.pose.rotmat).abs().flatten()
    assert float(off.quantile(0.95)) < 2e-3
    assert float(off.max()) < 2e-2
    torch.testing.assert_close(there.pose.transl.cpu(), here.pose.transl, rtol=0, atol=2e-3)
    torch.testing.assert_close(there.ground.height.cpu(), here.ground.height, rtol=0, atol=2e-3)
    assert here.beliefs is not None and there.beliefs is not None
    believed, other = here.beliefs.joints, there.beliefs.joints.cpu()
    torch.testing.assert_close(other, believed, rtol=0, atol=2e-3)
