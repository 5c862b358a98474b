from dataclasses import replace

import numpy as np
import pytest

from neuhmr.body.open_body import load_open_body_surface
from neuhmr.lab.people.look.cloth_shape import cloth_offsets
from neuhmr.lab.people.look.garments import (
    eye_centers,
    glasses_field,
    hair_field,
    shirt_field,
    shoe_field,
    trousers_field,
)
from neuhmr.lab.people.look.look import Look
from neuhmr.lab.people.look.outfit import paint_look
from neuhmr.lab.people.look.patterns import Fabric
from neuhmr.lab.people.look.surface_points import canonical_points
from neuhmr.lab.people.look.wardrobe import sample_look

RED, BLUE, GREEN = (0.9, 0.05, 0.05), (0.05, 0.05, 0.9), (0.05, 0.9, 0.05)


@pytest.fixture(scope="module")
def points(open_body):
    return canonical_points(open_body, load_open_body_surface())


@pytest.fixture(scope="module")
def look() -> Look:
    """Red T-shirt, long blue trousers, green shoes, short hair."""
    look = sample_look(np.random.default_rng(0))
    plain = {color: Fabric("plain", (color,) * 3, 0.05, 1) for color in (RED, BLUE)}
    shirt = replace(
        look.shirt, fabric=plain[RED], sleeve=0.3, hem=0.0, logo=None, trim=None, has_zip=False
    )
    trousers = replace(
        look.trousers, fabric=plain[BLUE], length=0.98, belt=None, side_stripe=None, waist=0.12
    )
    shoes = replace(look.shoes, color=GREEN, sole=GREEN, accent=GREEN, height=0.0, sock=GREEN)
    hair = replace(look.hair, cut="short", volume=0.01, beard=0.0)
    return replace(look, shirt=shirt, trousers=trousers, shoes=shoes, hair=hair, has_watch=False)


def mostly(colors: np.ndarray, channel: int) -> float:
    return float((colors.argmax(axis=1) == channel).mean())


def test_clothes_are_where_they_belong(points, look):
    colors = paint_look(look, points)
    chest = points.part("torso") & (np.abs(points.along_trunk - 0.6) < 0.2)
    assert mostly(colors[chest], 0) == 1.0
    assert mostly(colors[points.part("left_calf", "right_calf")], 2) > 0.95
    assert mostly(colors[points.part("left_foot", "right_foot")], 1) > 0.9
    hands = colors[points.part("left_hand", "right_hand")]
    assert np.abs(hands.mean(axis=0) - look.skin).max() < 0.15


def test_colors_are_colors(points, look):
    colors = paint_look(look, points)
    assert colors.min() >= 0
    assert colors.max() <= 1


def test_the_iris_has_its_color_and_the_pupil_is_black(points, look):
    colors = paint_look(replace(look, iris=GREEN), points)
    ring = points.part("irises")
    assert colors[points.part("pupils")].mean() < 0.5 * colors[ring].mean()
    assert mostly(colors[ring], 1) > 0.5
    assert eye_centers(points)[0, 0] == pytest.approx(-eye_centers(points)[1, 0], abs=1e-3)


def test_fields_are_positive_inside_the_garment(points, look):
    high_arm = points.part("left_upper_arm") & (points.along_arm < 0.2)
    assert (shirt_field(look.shirt, points)[high_arm & (points.along_arm > 0)] > 0).all()
    assert (shirt_field(look.shirt, points)[points.part("left_forearm")] < 0).all()
    assert (trousers_field(look.trousers, points)[points.part("left_thigh")] > 0).mean() > 0.95
    assert (trousers_field(look.trousers, points)[points.part("left_hand")] < 0).all()
    assert (shoe_field(look.shoes, points)[points.part("head")] < 0).all()


def test_hair_covers_the_crown_and_spares_the_face(points, look):
    field = hair_field(look.hair, points)
    crown = points.part("head") & (points.positions[:, 1] > points.joints[15, 1] + 0.13)
    assert (field[crown] > 0).all()
    assert (field[points.part("lips", "eyes")] < 0).all()
    assert (hair_field(replace(look.hair, cut="bald"), points) < 0).all()


def test_cloth_lies_on_the_body_and_skin_stays_where_it_is(points, look, open_body):
    rest = open_body.v_template.numpy().astype(np.float64)
    offsets = cloth_offsets(look, points, rest, open_body.faces.numpy())
    length = np.linalg.norm(offsets, axis=1)
    assert length.max() <= 0.101
    assert length[points.part("left_hand", "right_hand")].max() == 0.0
    assert length[points.part("lips", "eyes")].max() == 0.0
    chest = points.part("torso") & (np.abs(points.along_trunk - 0.6) < 0.2)
    outward = np.einsum("vc,vc->v", offsets, points.normals)
    assert (outward[chest] > 0.001).mean() > 0.97


def test_looks_belong_to_their_seed_and_vary():
    looks = [sample_look(np.random.default_rng(seed)) for seed in range(40)]
    assert looks[3] == sample_look(np.random.default_rng(3))
    assert len({look.shirt.fabric.kind for look in looks}) > 4
    assert len({look.hair.cut for look in looks}) == 5
    assert len({look.hair.hairdo for look in looks}) == 4
    assert any(look.skirt for look in looks)
    assert not all(look.skirt for look in looks)
    skins = np.array([look.skin for look in looks])
    assert skins.sum(axis=1).max() > 2.2
    assert skins.sum(axis=1).min() < 1.1
    assert (skins[:, 0] > skins[:, 2]).all(), "skin is never bluish"


def test_loose_cloth_hangs_further_off_than_tight_cloth(points, look, open_body):
    rest = open_body.v_template.numpy().astype(np.float64)
    faces = open_body.faces.numpy()

    def waist(drape: float) -> float:
        worn = replace(look, shirt=replace(look.shirt, drape=drape, hem=0.0))
        belly = points.part("torso") & (np.abs(points.along_trunk - 0.35) < 0.1)
        return float(np.linalg.norm(cloth_offsets(worn, points, rest, faces), axis=1)[belly].mean())

    assert waist(1.0) > waist(0.0) + 0.015


def test_a_beanie_covers_the_crown_and_glasses_spare_the_eyes(points, look):
    worn = replace(look, headwear="beanie", headwear_color=GREEN, has_glasses=True)
    colors = paint_look(worn, points)
    crown = points.part("head") & (points.positions[:, 1] > points.joints[15, 1] + 0.15)
    assert mostly(colors[crown], 1) > 0.95
    assert (glasses_field(points)[points.part("eyes", "irises", "pupils", "lips")] < 0).all()
    assert (glasses_field(points) > 0).sum() > 5


def test_training_people_wear_no_fabric_that_is_kept_for_the_test():
    def kinds(split):
        looks = [sample_look(np.random.default_rng(seed), split) for seed in range(250)]
        return {f.kind for look in looks for f in (look.shirt.fabric, look.trousers.fabric)}

    assert kinds("test") - kinds("train") == {"argyle"}
    assert kinds("val") == kinds("train")
