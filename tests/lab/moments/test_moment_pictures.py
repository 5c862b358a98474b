import pytest
import torch

from neuhmr.body.body25 import body25_points
from neuhmr.body.model_files import load_body_model
from neuhmr.geometry.rigid import Rigid
from neuhmr.ghnerf.network.views import project_box
from neuhmr.lab.moments.moment_pictures import share_for, shown, shown_target, source_views
from neuhmr.lab.moments.moments import Moment, MomentView, moments_of_person, on_black
from tests.lab.training.ring_folder import ring_person


@pytest.fixture(scope="module")
def moment() -> Moment:
    return moments_of_person(ring_person(), load_body_model())[0]


def test_what_is_shown_is_black_beside_the_person_and_fits_its_camera(moment):
    full, half = shown(moment, 1), shown(moment, 1, 0.5)
    assert float(full.layers[:3].amax(dim=0)[~full.mask].max()) == 0.0
    assert half.layers.shape[1:] == (32, 32)
    points = Rigid.from_matrix(half.T_camera_world).apply(body25_points(moment.body))
    assert torch.allclose(half.camera.project(points), half.keypoints[:, :2], atol=1e-3)
    assert torch.equal(half.keypoints[:, 2], full.keypoints[:, 2])


def test_the_subject_is_shown_as_long_as_was_asked_but_never_enlarged(moment):
    camera, pose = moment.cameras[1], moment.T_camera_world[1]
    (left, top, right, bottom), _ = project_box(moment.box, camera, pose, "a camera")
    side = max(right - left, bottom - top)
    assert share_for(moment, 1, side / 2) == pytest.approx(0.5)
    assert share_for(moment, 1, 10.0 * side) == 1.0
    target = shown_target(moment, 1, 0.75)
    assert (target.camera.height, target.camera.width) == (48, 36)
    assert target.camera.K[0, 0] == pytest.approx(0.75 * float(camera.K[0, 0]))


def test_a_shrunk_outline_is_as_much_of_the_person_as_it_covers(moment):
    full, half = shown(moment, 1).layers, shown(moment, 1, 0.5).layers
    outline = (half[3] > 0.0) & (half[3] < 1.0)
    assert bool(outline.any()) and float(half[3].mean()) == pytest.approx(
        float(full[3].mean()), rel=0.02
    )
    # Black beside the person is averaged in, the background is not.
    assert bool((half[:3] <= half[3] + 1e-6).all())


def test_colors_are_scaled_and_black_beside_the_person() -> None:
    image = torch.tensor([[[255, 51]], [[102, 51]], [[0, 51]]], dtype=torch.uint8)
    picture = MomentView(image, torch.tensor([[True, False]]), torch.zeros(25, 3))
    # 1, 0.4 and 0 become 1 (no more than that), 0.2 and 0.
    layers = on_black(picture, torch.tensor([1.5, 0.5, 2.0]))
    assert layers[:, 0, 0].tolist() == pytest.approx([1.0, 0.2, 0.0, 1.0])
    assert layers[:, 0, 1].tolist() == [0.0] * 4
    assert on_black(picture)[:, 0, 0].tolist() == pytest.approx([1.0, 0.4, 0.0, 1.0])


def test_source_views_keep_the_person_where_cameras_see_them(moment: Moment) -> None:
    sources = source_views(moment, (2, 0))
    assert torch.equal(sources.T_camera_world, moment.T_camera_world[[2, 0]])
    for number, view in enumerate((2, 0)):
        # A cut moves the principal point by whole pixels.
        cut = moment.cameras[view].K[:2, 2] - sources.cameras.K[number, :2, 2]
        left, top = (round(float(length)) for length in cut)
        height, width = sources.images.shape[-2:]
        whole = shown(moment, view).layers[:3]
        inside = whole[:, top : top + height, left : left + width]
        assert torch.equal(sources.images[number], inside)
        assert float(inside.sum()) == pytest.approx(float(whole.sum())), "nothing is cut off"
