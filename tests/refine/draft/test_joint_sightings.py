import pytest
import torch

from neuhmr.body.skeleton import MATCHING_JOINTS
from neuhmr.refine.draft.joint_sightings import LEAST_SIMILARITY, JointFinder, make_finder
from refine.bare_clip import bare_clip

HEIGHT, WIDTH, SIZE = 120, 100, 100.0
TRUE = (60.5, 50.5)


def finder_with(joint: int, pixel: tuple[float, float], strength: float) -> JointFinder:
    """Frames that look like nothing but, in one place, a bit like one joint."""
    prototypes = torch.eye(24, 25)
    features = torch.zeros(1, 25, HEIGHT, WIDTH)
    features[:, 24] = 1.0
    column, row = (int(value) for value in pixel)
    patch = features[0, :, row - 1 : row + 2, column - 1 : column + 2]
    patch[joint], patch[24] = strength, (1.0 - strength**2) ** 0.5
    return JointFinder(features, prototypes, HEIGHT, WIDTH)


def find(finder: JointFinder, around: tuple[float, float]) -> tuple[torch.Tensor, torch.Tensor]:
    pixels = torch.tensor(around).expand(1, 24, 2)
    found = finder.find(pixels, torch.tensor([SIZE]))
    return found.pixels[0], found.precisions[0]


def test_a_joint_is_found_where_its_likeness_is():
    joint = MATCHING_JOINTS[3]
    pixels, precisions = find(finder_with(joint, TRUE, 0.9), (56.0, 47.0))
    assert (pixels[3] - torch.tensor(TRUE)).norm() < 2.5
    assert precisions[3] > 0.0


def test_what_looks_like_nothing_counts_as_not_seen():
    _, precisions = find(finder_with(MATCHING_JOINTS[3], TRUE, 0.9), (56.0, 47.0))
    others = [number for number in range(len(MATCHING_JOINTS)) if number != 3]
    assert (precisions[others] == 0.0).all()
    _, weak = find(finder_with(MATCHING_JOINTS[3], TRUE, LEAST_SIMILARITY - 0.05), (58.0, 50.0))
    assert weak[3] == 0.0


def test_the_more_alike_the_more_precise():
    likenesses = (0.4, 0.6, 0.95)
    found = [find(finder_with(MATCHING_JOINTS[0], TRUE, s), TRUE)[1][0] for s in likenesses]
    assert 0.0 < found[0] < found[1] < found[2]
    # By the table: 0.0227 - 0.024 * 0.4 = 0.0131 of 100 px.
    assert float(found[0]) == pytest.approx(1.0 / 1.31, rel=0.02)


def test_a_near_likeness_is_preferred_to_an_equal_one_far_away():
    joint = MATCHING_JOINTS[5]
    features = torch.maximum(
        finder_with(joint, (50.5, 50.5), 0.8).features,
        finder_with(joint, (60.5, 50.5), 0.8).features,
    )
    both = JointFinder(features, torch.eye(24, 25), HEIGHT, WIDTH)
    assert float(find(both, (52.0, 50.5))[0][5, 0]) < 53.0
    assert float(find(both, (59.0, 50.5))[0][5, 0]) > 57.0


def test_nothing_is_searched_for_outside_the_picture():
    pixels, precisions = find(finder_with(MATCHING_JOINTS[0], (2.5, 2.5), 0.9), (-40.0, -40.0))
    assert (precisions == 0.0).all() and pixels.isfinite().all()


def test_rows_can_be_picked():
    features = torch.rand(4, 25, 30, 25)
    finder = JointFinder(features, torch.eye(24, 25), HEIGHT, WIDTH)
    picked = finder.of_rows(torch.tensor([2, 0]))
    assert torch.equal(picked.features, features[[2, 0]])
    assert torch.equal(picked.prototypes, finder.prototypes)


def test_a_network_without_prototypes_has_no_finder():
    clip = bare_clip()
    features = torch.rand(len(clip.truth), 25, 40, 30)
    assert make_finder(None, features, clip.crops) is None
    finder = make_finder(torch.eye(24, 25), features, clip.crops)
    assert finder is not None and (finder.height, finder.width) == (160, 120)
