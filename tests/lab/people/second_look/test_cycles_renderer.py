"""The second look against the first: the same person in the same place, in other colors."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from neuhmr.errors import MissingDependencyError
from neuhmr.lab.people.motion.stage_motion import StageMotion
from neuhmr.lab.people.person import Person, make_person
from neuhmr.lab.people.random_streams import stream
from neuhmr.lab.people.second_look import cycles_renderer
from neuhmr.lab.people.second_look.blender import has_blender, silence
from neuhmr.lab.people.second_look.cycles_renderer import CyclesRenderer
from neuhmr.lab.people.stage.camera_ring import intrinsics, look_at, ring_position
from neuhmr.lab.people.stage.stage_kinds import make_stage
from neuhmr.lab.people.stage.stage_renderer import StageRenderer

needs_blender = pytest.mark.skipif(not has_blender(), reason="needs Blender's module bpy")
SIZE = (192, 128)
K = intrinsics(180.0, *SIZE)
T_CAMERA_STAGE = look_at(ring_position(0.6, 2.6, 1.6), np.array([0.1, 0.9, 0.0]), roll=0.1)


@pytest.fixture(scope="module")
def person() -> Person:
    return make_person(20_000_003, texture_size=128)


@pytest.fixture(scope="module")
def surfaces(person: Person) -> list[np.ndarray]:
    """Two moments of somebody who stands, arms down on one side, and moves by 5 cm."""
    bent = torch.eye(3).repeat(2, 23, 1, 1)
    bent[:, 15] = torch.tensor([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    lift = float(-person.shaped.v_shaped[:, 1].min()) + person.sole
    transl = torch.tensor([[0.0, lift, 0.0], [0.05, lift, 0.0]])
    motion = StageMotion(torch.eye(3).repeat(2, 1, 1), bent, transl)
    return list(person.surface(motion.pose(person.shaped)))


@pytest.fixture(scope="module", params=["room", "park"])
def looks(
    request: pytest.FixtureRequest, person: Person
) -> Iterator[tuple[StageRenderer, CyclesRenderer]]:
    stage = make_stage(request.param, stream(5, "stage"))
    try:
        with StageRenderer(*SIZE) as first, CyclesRenderer(*SIZE) as second:
            for renderer in (first, second):
                renderer.set_stage(stage)
                renderer.set_person(person)
            yield first, second
    except MissingDependencyError as error:
        pytest.skip(f"needs EGL and Blender: {error}")


@needs_blender
def test_both_looks_have_the_same_mask_and_other_colors(looks, surfaces) -> None:
    first, second = (look.expose(surfaces[:1], K, T_CAMERA_STAGE) for look in looks)
    assert np.array_equal(first.mask, second.mask) and first.mask.sum() > 1200
    assert second.image.shape == (*SIZE, 3)
    difference = np.abs(first.image.astype(float) - second.image.astype(float))
    assert difference[~first.mask].mean() > 12.0
    # Neither black nor burnt out, whatever its lamps.
    assert 60.0 < second.image.mean() < 170.0


@needs_blender
def test_what_the_path_tracer_draws_is_where_the_mask_is(looks, surfaces, tmp_path: Path) -> None:
    _, second = looks
    mask = second.expose(surfaces[:1], K, T_CAMERA_STAGE).mask
    scene, path = second._bpy.context.scene, tmp_path / "alone.png"
    hidden = [thing for thing in scene.objects if thing.type == "MESH" and thing.name != "person"]
    scene.render.film_transparent, scene.cycles.use_denoising = True, False
    scene.cycles.samples = 32
    scene.render.image_settings.color_mode, scene.render.filepath = "RGBA", str(path)
    for thing in hidden:
        thing.hide_render = True
    with silence():
        second._bpy.ops.render.render(write_still=True)
    for thing in hidden:
        thing.hide_render = False
    scene.render.film_transparent, scene.cycles.use_denoising = False, True
    scene.render.image_settings.color_mode = "RGB"
    drawn = np.asarray(Image.open(path))[..., 3] > 127
    assert (drawn & mask).sum() / (drawn | mask).sum() > 0.97


@needs_blender
def test_somebody_who_moves_is_blurred_and_the_mask_is_the_middle_moment(looks, surfaces) -> None:
    still, moved = surfaces
    first, second = looks
    blurred = second.expose([still, moved, moved], K, T_CAMERA_STAGE)
    assert np.array_equal(blurred.mask, first.render(moved, K, T_CAMERA_STAGE).mask)


@needs_blender
def test_the_same_person_is_drawn_alike_again(looks, surfaces, person) -> None:
    _, second = looks
    pictures = []
    for _ in range(2):
        second.set_person(person)
        pictures.append(second.expose(surfaces[:1], K, T_CAMERA_STAGE).image)
    assert np.array_equal(*pictures)


def test_garments_are_marked_where_they_are_worn_and_never_twice(person: Person) -> None:
    marks = cycles_renderer._garments(person)
    assert marks.shape == person.texture.shape
    shirt, trousers = marks[..., 0] > 0, marks[..., 1] > 0
    assert not (shirt & trousers).any()
    assert 0.1 < shirt.mean() < 0.7 and 0.05 < trousers.mean() < 0.7
    assert not (shirt | trousers).all(), "skin and hair stay"


def test_skirts_are_cloth_too() -> None:
    seeds = range(20_000_000, 20_000_060)
    person = next(
        person
        for person in (make_person(seed, texture_size=64) for seed in seeds)
        if person.look.skirt is not None
    )
    strip = cycles_renderer._garments(person)[64:]
    names = list(dict.fromkeys(tube.name for tube in person.attachments))
    place = names.index("skirt")
    assert strip[:, 16 * place : 16 * place + 16, 1].min() == 255
    assert int((strip[..., 1] > 0).sum()) == 16 * 16
