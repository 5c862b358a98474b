import numpy as np
import pytest
import scipy.spatial
import torch
import trimesh

from neuhmr.geometry.procrustes import Similarity, align_similarity
from neuhmr.geometry.rotations import axisangle_to_rotmat


def random_similarity(generator, *batch) -> Similarity:
    options = {"generator": generator, "dtype": torch.float64}
    return Similarity(
        torch.rand(batch, **options) + 0.5,
        axisangle_to_rotmat(torch.randn(*batch, 3, **options)),
        torch.randn(*batch, 3, **options),
    )


@pytest.mark.parametrize("batch", [(), (1,), (3, 1, 2)])
def test_a_known_similarity_is_recovered(generator, batch):
    source = torch.randn(*batch, 24, 3, generator=generator, dtype=torch.float64)
    true = random_similarity(generator, *batch)
    found = align_similarity(source, true.apply(source))
    for ours, expected in zip(found, true, strict=True):
        torch.testing.assert_close(ours, expected)


def test_alignment_of_noisy_points_agrees_with_trimesh_and_scipy(generator):
    source = torch.randn(24, 3, generator=generator, dtype=torch.float64)
    target = random_similarity(generator).apply(source)
    target = target + torch.randn(24, 3, generator=generator, dtype=torch.float64) * 0.1
    # trimesh chooses the scale by the ratio of spreads, which is no least-squares fit.
    _, expected, _ = trimesh.registration.procrustes(
        source.numpy(), target.numpy(), reflection=False, scale=False
    )
    rigid = align_similarity(source, target, with_scale=False).apply(source)
    torch.testing.assert_close(rigid, torch.from_numpy(np.asarray(expected)))
    # scipy measures the best fit's residual relative to the spread of the target.
    _, _, disparity = scipy.spatial.procrustes(target.numpy(), source.numpy())
    aligned = align_similarity(source, target).apply(source)
    spread = (target - target.mean(dim=0)).square().sum()
    assert (aligned - target).square().sum() / spread == pytest.approx(disparity)


def test_without_scale_the_scale_is_one_and_the_fit_is_rigid(generator):
    source = torch.randn(10, 3, generator=generator, dtype=torch.float64)
    true = random_similarity(generator)
    found = align_similarity(source, true.apply(source), with_scale=False)
    assert found.scale == 1
    torch.testing.assert_close(found.rotmat, true.rotmat)


def test_mirrored_points_are_rotated_not_reflected(generator):
    source = torch.randn(3, 24, 3, generator=generator, dtype=torch.float64)
    mirrored = source * torch.tensor([-1.0, 1.0, 1.0])
    found = align_similarity(source, mirrored)
    torch.testing.assert_close(torch.linalg.det(found.rotmat), torch.ones(3, dtype=torch.float64))


def test_points_in_a_plane_still_get_a_rotation(generator):
    source = torch.randn(24, 3, generator=generator, dtype=torch.float64)
    source[:, 2] = 0
    true = random_similarity(generator)
    found = align_similarity(source, true.apply(source))
    torch.testing.assert_close(found.rotmat, true.rotmat)
    assert torch.linalg.det(found.rotmat) == pytest.approx(1.0)


def test_coincident_points_are_moved_and_not_scaled():
    source = torch.ones(5, 3)
    target = torch.full((5, 3), 4.0)
    found = align_similarity(source, target)
    assert found.scale == 1
    torch.testing.assert_close(found.apply(source), target)


def test_nothing_fits_better_than_the_answer(generator):
    source = torch.randn(12, 3, generator=generator, dtype=torch.float64)
    target = torch.randn(12, 3, generator=generator, dtype=torch.float64)
    best = align_similarity(source, target)
    error = (best.apply(source) - target).square().sum()
    for _ in range(20):
        nudge = axisangle_to_rotmat(0.05 * torch.randn(3, generator=generator, dtype=torch.float64))
        other = Similarity(best.scale * 1.01, nudge @ best.rotmat, best.transl + 0.01)
        assert (other.apply(source) - target).square().sum() > error
