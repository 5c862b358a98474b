from dataclasses import replace

import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.smpl_model import SmplModel
from neuhmr.ghnerf.network.config import FeatureHead, GhnerfConfig, LevelConfig
from neuhmr.ghnerf.network.image_rendering import GhnerfImage
from neuhmr.ghnerf.network.model import Ghnerf
from neuhmr.lab.benchmarks.ghnerf.features import count_parts, embedding_distances_mm, no_parts
from neuhmr.lab.benchmarks.ghnerf.scores import (
    MeasureConfig,
    MomentScores,
    measure_network,
    score_surface,
)
from neuhmr.lab.moments.moment_pictures import shown_target
from neuhmr.lab.moments.moments import Moment, moments_of_person
from neuhmr.lab.moments.surface_truth import surface_at
from synthetic_body import make_synthetic_body
from tests.lab.training.ring_folder import ring_person

CPU = torch.device("cpu")
CONFIG = GhnerfConfig(
    human_encoder="none",
    feature_heads=(
        FeatureHead(kind="parts", channels=14),
        FeatureHead(kind="embedding", channels=3),
    ),
    coarse=LevelConfig(planes=8, samples=4),
    fine=LevelConfig(planes=8, samples=2),
)


@pytest.fixture(scope="module")
def body_model() -> SmplModel:
    return load_body_model()


@pytest.fixture(scope="module")
def moment(body_model: SmplModel) -> Moment:
    return moments_of_person(ring_person(), body_model)[0]


def scores_for(parts: list[int]) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.tensor(parts), 14).float()


def test_parts_are_scored_by_what_they_share() -> None:
    count = count_parts(scores_for([0, 0, 1, 1, 2, 2]), torch.tensor([0, 0, 0, 1, 1, 2]))
    # Trunk 2 of 3 pixels, head 1 of 3, left upper arm 1 of 2; the rest is nowhere.
    ious = count.per_part()
    assert ious["trunk"] == pytest.approx(2 / 3)
    assert ious["head"] == pytest.approx(1 / 3)
    assert ious["left_upper_arm"] == 1 / 2
    assert ious["right_foot"] is None
    assert count.mean_iou == pytest.approx(1 / 2)
    assert count.accuracy == 4 / 6


def test_a_pixel_where_nothing_was_rendered_names_no_part() -> None:
    count = count_parts(torch.zeros(2, 14), torch.tensor([0, 3]))
    assert count.accuracy == 0.0 and int(count.named.sum()) == 0
    assert count.mean_iou == 0.0


def test_a_part_that_is_only_said_to_be_there_counts_against() -> None:
    count = count_parts(scores_for([13, 0]), torch.tensor([0, 0]))
    assert count.per_part()["right_foot"] == 0.0
    assert count.mean_iou == 1 / 4  # Trunk 1 of 2, right foot 0 of 1.


def test_pictures_are_added_before_parts_are_scored() -> None:
    right = count_parts(scores_for([0] * 3), torch.tensor([0] * 3))
    wrong = count_parts(scores_for([1]), torch.tensor([0]))
    assert (right + wrong + no_parts()).accuracy == 3 / 4
    assert no_parts().accuracy is None and no_parts().mean_iou is None


def test_an_embedding_names_the_nearest_surface_point() -> None:
    body = make_synthetic_body()
    # A square of 2 m on the floor of a box that is 1 m high.
    vertices = torch.tensor([[0.0, 0.0, 1.0]]).repeat(len(body.v_template), 1)
    vertices[:4] = torch.tensor([[0.0, 0, 0], [2.0, 0, 0], [0.0, 2, 0], [2.0, 2, 0]])
    square = replace(body, v_template=vertices, faces=torch.tensor([[0, 1, 2], [1, 3, 2]]))
    truth = torch.tensor([-0.5, -0.5, -1.0]).repeat(3, 1)  # The place (0.5, 0.5, 0) m.
    named = torch.tensor([
        [-0.5, -0.5, -1.0],  # Itself.
        [-0.5, -0.2, -0.2],  # (0.5, 0.8, 0.4) m: above (0.5, 0.8, 0).
        [1.4, -0.5, -1.0],  # (2.4, 0.5, 0) m: beside (2, 0.5, 0).
    ])  # fmt: skip
    distances = embedding_distances_mm(named, truth, square)
    assert distances.tolist() == pytest.approx([0.0, 300.0, 1500.0], abs=0.01)


def true_image(moment: Moment, view: int, body_model: SmplModel) -> GhnerfImage:
    target = shown_target(moment, view)
    camera = target.camera
    pixels = camera.pixel_grid().reshape(-1, 2)
    surface = surface_at(moment.body, body_model, camera, target.T_camera_world, moment.box, pixels)  # pyright: ignore[reportArgumentType]
    parts = torch.nn.functional.one_hot(surface.parts, 14).float()
    features = torch.cat([parts, surface.embedding], dim=-1)
    # Beside the body nothing is compared, so nonsense there changes nothing.
    features[~surface.is_body] = 7.0
    size = (camera.height, camera.width)
    gray = torch.full((*size, 3), 0.5)
    return GhnerfImage(gray, gray[..., 0], gray[..., 0], features.reshape(*size, -1))


def test_the_true_surface_gets_full_marks(moment, body_model) -> None:
    scores, image = MomentScores(), true_image(moment, 1, body_model)
    model, target = Ghnerf(CONFIG), shown_target(moment, 1)
    score_surface(scores, model, image, target, moment.body, body_model)
    assert scores.parts.accuracy == scores.parts.mean_iou == 1.0
    assert scores.embedding_mm == pytest.approx([0.0], abs=0.1)
    trunk = int(scores.parts.true[0])
    image.features[..., :14] = torch.eye(14)[0]
    again = MomentScores()
    score_surface(again, model, image, target, moment.body, body_model)
    assert again.parts.accuracy == trunk / int(scores.parts.true.sum())


def test_networks_are_asked_for_the_surface_where_bodies_are_known(moment, body_model) -> None:
    model, config = Ghnerf(CONFIG).eval(), MeasureConfig(targets=2, in_space=False)
    scores = measure_network(model, moment, config, CPU, body_model=body_model)
    assert len(scores.embedding_mm) == len(scores.psnr_db) == 2
    assert scores.parts.accuracy is not None and 0.0 <= scores.parts.accuracy < 1.0
    assert scores.heatmaps == []
    nobody = replace(moment, body=None)
    scores = measure_network(model, nobody, replace(config, targets=1), CPU, body_model=body_model)
    assert scores.parts.accuracy is None and scores.embedding_mm == []


def test_networks_without_these_heads_are_not_asked(moment, body_model) -> None:
    scores, image = MomentScores(), true_image(moment, 1, body_model)
    plain = Ghnerf(replace(CONFIG, feature_heads=()))
    score_surface(scores, plain, image, shown_target(moment, 1), moment.body, body_model)
    assert scores.parts.accuracy is None and scores.embedding_mm == []
