import torch

from neuhmr.refine.correction.edits import Place, mark_frames, turn_joint
from neuhmr.refine.correction.merging import changed_rows, keep_edits
from tests.refine.correction.people import rotmats, walking


def test_edits_stay_and_everything_else_is_the_other_motion():
    base, other = walking(), walking(seed=5)
    edited = turn_joint(base, Place(frame=10, radius=1), 18, torch.eye(3))
    merged = keep_edits(base, edited, other)
    assert torch.equal(rotmats(merged)[9:12], rotmats(edited)[9:12])
    kept = [row for row in range(21) if row not in (9, 10, 11)]
    assert torch.equal(rotmats(merged)[kept], rotmats(other)[kept])


def test_a_frame_that_was_marked_invalid_is_edited():
    base = walking()
    assert changed_rows(base, mark_frames(base, {4}, False)).nonzero().tolist() == [[4]]
    assert not bool(changed_rows(base, walking()).any())
