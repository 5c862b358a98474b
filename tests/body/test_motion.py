import pytest
import torch

from neuhmr.body.motion import Motion
from synthetic_body import make_synthetic_body


def make_motion(generator, frames=6) -> Motion:
    return Motion.from_axisangle(
        global_orient=torch.randn(frames, 3, generator=generator),
        body_pose=torch.randn(frames, 69, generator=generator) * 0.5,
        transl=torch.randn(frames, 3, generator=generator),
        betas=torch.randn(10, generator=generator),
    )


def test_axisangles_of_files_come_back(generator):
    orient = torch.randn(4, 3, generator=generator) * 0.5
    pose = torch.randn(4, 69, generator=generator) * 0.5
    motion = Motion.from_axisangle(orient, pose, torch.zeros(4, 3), torch.zeros(10))
    torch.testing.assert_close(motion.global_orient_axisangle(), orient, atol=1e-5, rtol=0)
    torch.testing.assert_close(motion.body_pose_axisangle(), pose, atol=1e-5, rtol=0)


def test_by_default_frames_are_counted_from_zero_and_all_valid(generator):
    motion = make_motion(generator)
    assert len(motion) == 6
    assert motion.frame_index.tolist() == [0, 1, 2, 3, 4, 5]
    assert motion.valid.all()


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (slice(1, 4), [1, 2, 3]),
        (torch.tensor([4, 0]), [4, 0]),
        (torch.tensor([True, False, False, False, False, True]), [0, 5]),
    ],
)
def test_selecting_frames_keeps_the_shape_of_the_person(generator, index, expected):
    motion = make_motion(generator)
    part = motion[index]
    assert part.frame_index.tolist() == expected
    assert len(part) == len(expected)
    assert torch.equal(part.betas, motion.betas)
    assert torch.equal(part.transl, motion.transl[expected])


def test_posing_poses_every_frame(generator):
    model, motion = make_synthetic_body(posedirs=True), make_motion(generator)
    posed = motion.pose(model)
    assert posed.vertices.shape == (6, 782, 3)
    alone = motion[2:3].pose(model)
    torch.testing.assert_close(posed[2].vertices, alone[0].vertices, atol=1e-5, rtol=0)


def test_mismatched_frame_counts_are_noticed(generator):
    motion = make_motion(generator)
    with pytest.raises(Exception, match="transl"):
        Motion(
            motion.global_orient, motion.body_pose, motion.transl[:3], motion.betas,
            motion.frame_index, motion.valid,
        )  # fmt: skip
