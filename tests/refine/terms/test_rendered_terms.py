import pytest
import torch
from torch import Tensor

from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.anchors.frame_target import frame_target
from neuhmr.losses.image import photometric_loss, silhouette_loss
from neuhmr.refine.terms.rendered_terms import PosedGradient, RenderedTerms, render_terms
from neuhmr.rendering.volume_rendering import Rendering
from refine.tiny_problem import tiny_problem

RGB, GEO = {"rgb": 1.0, "geo": 0.0}, {"rgb": 0.0, "geo": 1.0}


def differentiate(chunk_rays: int, *weightings: dict[str, float]) -> RenderedTerms:
    problem = tiny_problem()
    target = frame_target(problem.crops, 1, stride=2)

    def pixel_loss(rendering: Rendering) -> dict[str, Tensor]:
        return {
            "rgb": photometric_loss(rendering.colors, target.colors).mean(),
            "geo": silhouette_loss(rendering.opacities, target.mask),
        }

    posed = pose_frame(problem.body, problem.initial, 1)
    return render_terms(
        problem.avatar, posed, problem.crops.cameras[1], target.pixels, pixel_loss, weightings,
        chunk_rays,
    )  # fmt: skip


@pytest.mark.parametrize("chunk_rays", [690, 200, 33])
def test_chunks_give_the_same_terms_and_gradients_as_the_whole_image(chunk_rays: int):
    whole = differentiate(10_000, RGB, GEO)
    chunked = differentiate(chunk_rays, RGB, GEO)
    assert chunked.values == pytest.approx(whole.values, rel=1e-5)
    assert torch.allclose(chunked.rendering.depths, whole.rendering.depths, atol=1e-5)
    for expected, found in zip(whole.gradients, chunked.gradients, strict=True):
        scale = expected.vertices.abs().max()
        assert scale > 0.0
        # Sums in another order differ in the last digits only.
        assert torch.allclose(found.vertices, expected.vertices, atol=1e-4 * float(scale))


def test_a_weighted_gradient_is_the_weighted_sum_of_gradients():
    mixed = differentiate(10_000, {"rgb": 2.0, "geo": 0.5}, RGB, GEO)
    total, rgb, geo = (g.vertices for g in mixed.gradients)
    assert torch.allclose(total, 2.0 * rgb + 0.5 * geo, atol=1e-6)


def test_gradients_agree_with_finite_differences():
    problem = tiny_problem()
    crops, avatar = problem.crops, problem.avatar
    target = frame_target(crops, 1, stride=3).to(torch.float64)
    posed = pose_frame(problem.body, problem.initial, 1).to(torch.float64)
    camera = crops.cameras[1].to(torch.float64)
    avatar = type(avatar)(avatar.body.to(torch.float64), avatar.colors.double())

    def pixel_loss(rendering: Rendering) -> dict[str, Tensor]:
        return {
            "rgb": photometric_loss(rendering.colors, target.colors).mean(),
            "geo": silhouette_loss(rendering.opacities, target.mask),
        }

    direction = torch.tensor([0.3, -1.0, 0.2], dtype=torch.float64)
    for weighting in (RGB, GEO):
        values = []
        for step in (-1e-5, 1e-5):
            moved = type(posed)(
                posed.vertices + step * direction, posed.joints, posed.bones, posed.faces
            )
            terms = pixel_loss(avatar.render(moved, camera, target.pixels))
            values.append(float(sum(terms[name] * weighting[name] for name in terms)))
        found = render_terms(
            avatar, posed, camera, target.pixels, pixel_loss, [weighting], 10_000
        ).gradients[0]
        expected = (values[1] - values[0]) / 2e-5
        assert float((found.vertices @ direction).sum()) == pytest.approx(expected, rel=1e-4)


def test_an_image_without_the_person_has_no_gradient():
    problem = tiny_problem()
    posed = pose_frame(problem.body, problem.initial, 1)
    corner = torch.tensor([[0.5, 0.5], [1.5, 0.5]])
    for chunk_rays in (1, 10):
        found = render_terms(
            problem.avatar, posed, problem.crops.cameras[1], corner,
            lambda r: {"rgb": r.colors.mean(), "geo": r.opacities.mean()}, [RGB], chunk_rays,
        )  # fmt: skip
        assert found.values == {"rgb": 0.0, "geo": 0.0}
        assert torch.equal(found.gradients[0].vertices, PosedGradient.zero(posed).vertices)
