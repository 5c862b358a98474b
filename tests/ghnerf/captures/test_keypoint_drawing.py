import numpy as np
import torch

from neuhmr.body.skeleton import BODY_25_NAMES
from neuhmr.ghnerf.captures.keypoint_drawing import (
    BONES,
    LEFT,
    RIGHT,
    draw_heatmaps,
    draw_keypoints,
    side_by_side,
)
from neuhmr.ghnerf.keypoints.keypoints2d import Keypoints2d


def black() -> np.ndarray:
    return np.zeros((60, 50, 3), np.uint8)


def found_only(*names: str) -> Keypoints2d:
    points, found = torch.zeros(25, 2), torch.zeros(25, dtype=torch.bool)
    for row, name in enumerate(names):
        points[BODY_25_NAMES.index(name)] = torch.tensor([20.5, 10.5 + 30 * row])
        found[BODY_25_NAMES.index(name)] = True
    return Keypoints2d(points, found.float(), found)


def test_sides_have_their_colors_at_the_keypoints_pixels() -> None:
    drawn = draw_keypoints(black(), found_only("left_wrist", "right_wrist"))
    assert tuple(drawn[10, 20]) == LEFT
    assert tuple(drawn[40, 20]) == RIGHT
    assert not drawn[25, 20].any()  # No bone joins the two wrists.


def test_a_bone_joins_neighbors_that_were_both_found() -> None:
    drawn = draw_keypoints(black(), found_only("left_elbow", "left_wrist"))
    assert tuple(drawn[25, 20]) == LEFT


def test_what_was_not_found_is_not_drawn() -> None:
    assert not draw_keypoints(black(), found_only()).any()


def test_every_keypoint_but_none_twice_hangs_on_the_skeleton() -> None:
    assert sorted(end for _, end in BONES) == sorted(set(range(25)) - {0})


def test_heatmaps_cover_where_they_are_sure_and_dim_the_rest() -> None:
    picture = np.full((60, 50, 3), 200, np.uint8)
    maps = torch.zeros(25, 60, 50)
    maps[0, 30, 25] = 1.0
    drawn = draw_heatmaps(picture, maps)
    assert drawn[30, 25].tolist() == [255, 0, 0]
    assert drawn[0, 0].tolist() == [100, 100, 100]


def test_pictures_of_different_heights_stand_side_by_side() -> None:
    strip = side_by_side([np.ones((4, 3, 3), np.uint8), np.ones((6, 2, 3), np.uint8)])
    assert strip.shape == (6, 5, 3)
    assert not strip[4:, :3].any()
