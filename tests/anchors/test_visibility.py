import pytest
import torch

from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.anchors.visibility import JointDepths, joint_visibility, render_joint_depths
from refine.tiny_problem import tiny_clip


def depths_of(surface: float, joint: float, opacity: float = 1.0, u: float = 10.0) -> JointDepths:
    return JointDepths(
        torch.tensor([[u, 10.0]]),
        torch.tensor([joint]),
        torch.tensor([surface]),
        torch.tensor([opacity]),
    )


@pytest.mark.parametrize(
    ("surface", "joint", "opacity", "u", "visible"),
    [
        (3.0, 3.1, 1.0, 10.0, True),  # 10 cm under the skin.
        (3.0, 3.19, 1.0, 10.0, True),
        (3.0, 3.21, 1.0, 10.0, False),  # More than 20 cm: something else is in front.
        (3.3, 3.05, 1.0, 10.0, False),  # The body is rendered behind the joint: poses disagree.
        (3.0, 3.1, 0.4, 10.0, False),  # The ray met no body.
        (3.0, 3.1, 1.0, -1.0, False),  # Outside the image.
        (3.0, 3.1, 1.0, 41.0, False),
        (-3.0, -3.1, 1.0, 10.0, False),  # Behind the camera.
    ],
)
def test_visibility_by_hand(surface: float, joint: float, opacity: float, u: float, visible: bool):
    found = joint_visibility(depths_of(surface, joint, opacity, u), height=20, width=40)
    assert found.tolist() == [visible]


def test_the_tolerance_can_be_changed():
    assert joint_visibility(depths_of(3.0, 3.4), 20, 40, tolerance=0.5).tolist() == [True]


@pytest.mark.parametrize("batch", [(), (1,), (3, 1, 2)])
def test_visibility_takes_any_batch(batch: tuple[int, ...], generator: torch.Generator):
    depths = JointDepths(
        20 * torch.rand(*batch, 24, 2, generator=generator),
        *(torch.rand(*batch, 24, generator=generator) for _ in range(3)),
    )
    assert joint_visibility(depths, 20, 20).shape == (*batch, 24)


def test_an_arm_behind_the_trunk_is_hidden_and_the_other_is_not():
    clip = tiny_clip()
    # Last frame: turned by 70 degrees, so that one side of the body is far from the camera.
    posed = pose_frame(clip.avatar.body, clip.truth, 5)
    camera = clip.crops.cameras[5]
    depths = render_joint_depths(clip.avatar, posed, camera)
    seen = joint_visibility(depths, camera.height, camera.width)
    near, far = (16, 17) if posed.joints[16, 2] < posed.joints[17, 2] else (17, 16)
    assert seen[near] and not seen[far]
    full = clip.avatar.render(posed, camera, depths.pixels)
    assert torch.equal(full.depths, depths.surface_depths)
