import torch

from neuhmr.anchors.frame_poses import frame_joints, pose_frame
from refine.splat_clip import walking_motion
from synthetic_body import make_synthetic_body


def test_one_frame_at_a_time_is_the_same_as_all_at_once():
    model, motion = make_synthetic_body(), walking_motion(4)
    body = model.with_shape(motion.betas)
    whole = motion.pose(model)
    assert torch.allclose(frame_joints(body, motion), whole.joints, atol=1e-6)
    for row in range(4):
        posed = pose_frame(body, motion, row)
        assert torch.allclose(posed.vertices, whole.vertices[row], atol=1e-6)
        assert torch.allclose(posed.bones.transl, whole.bones.transl[row], atol=1e-6)
