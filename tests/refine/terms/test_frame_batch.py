from dataclasses import replace

import torch

from neuhmr.refine.settings.field import ScheduleConfig
from neuhmr.refine.terms.frame_batch import (
    make_batch,
    rows_of_step,
    steps_per_epoch,
    stride_of_epoch,
)
from refine.splat_clip import walking_motion


def test_rows_come_with_their_neighbors():
    batch = make_batch([5, 1], walking_motion(8))
    assert batch.rows == (1, 5)
    assert batch.context.tolist() == [0, 1, 2, 4, 5, 6]
    assert batch.positions == (1, 4)
    assert batch.triples.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_ends_have_no_acceleration():
    batch = make_batch([0, 7], walking_motion(8))
    assert batch.context.tolist() == [0, 7]
    assert batch.triples.shape == (0, 3)


def test_gaps_and_invalid_frames_are_no_neighbors():
    motion = walking_motion(6)
    gap = replace(motion, frame_index=torch.tensor([0, 1, 2, 9, 10, 11]))
    assert make_batch([2], gap).triples.shape == (0, 3)
    assert make_batch([1, 4], gap).triples.tolist() == [[0, 1, 2], [3, 4, 5]]
    hole = replace(motion, valid=torch.tensor([True, True, False, True, True, True]))
    assert make_batch([1, 3], hole).triples.shape == (0, 3)
    assert make_batch([4], hole).context.tolist() == [3, 4, 5]


def test_one_frame_is_a_batch():
    batch = make_batch([0], walking_motion(1))
    assert batch.context.tolist() == [0] and batch.triples.shape == (0, 3)


def test_steps_of_an_epoch_visit_each_row_once_in_even_shares():
    schedule = ScheduleConfig(frames_per_step=4)
    order = torch.randperm(9) + 3
    assert steps_per_epoch(9, schedule) == 3
    parts = [rows_of_step(order, step, schedule) for step in range(3)]
    assert [len(part) for part in parts] == [3, 3, 3]
    assert [row for part in parts for row in part] == order.tolist()
    assert steps_per_epoch(8, schedule) == 2 and steps_per_epoch(1, schedule) == 1


def test_rays_are_fine_in_the_last_epochs():
    schedule = ScheduleConfig(epochs=5, fine_epochs=2, stride=4, fine_stride=1)
    assert [stride_of_epoch(epoch, schedule) for epoch in range(5)] == [4, 4, 4, 1, 1]
