import torch

from neuhmr.clip.thinning import spread_evenly


def test_rows_are_thinned_out_evenly_from_the_first_to_the_last() -> None:
    rows = torch.tensor([2, 3, 5, 8, 9, 11, 20])
    assert spread_evenly(rows, 3).tolist() == [2, 8, 20]
    assert torch.equal(spread_evenly(rows, 7), rows) and torch.equal(spread_evenly(rows, 9), rows)
    assert spread_evenly(rows[:1], 4).tolist() == [2] and len(spread_evenly(rows[:0], 4)) == 0
