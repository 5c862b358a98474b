import importlib
from dataclasses import replace

import numpy as np
import pytest

from neuhmr.errors import MissingDependencyError
from neuhmr.lab.people.person import textured_layout
from neuhmr.lab.people.random_streams import stream
from neuhmr.lab.people.stage.camera_ring import intrinsics, look_at
from neuhmr.lab.people.stage.stage_kinds import make_stage, sample_stage
from neuhmr.lab.people.stage.stage_renderer import StageRenderer, blend
from neuhmr.offscreen_gl import load_pyrender

K = intrinsics(90.0, 96, 64)
FAR_UP = np.array([0.0, 50.0, 0.0])
FRONT = look_at(np.array([0.0, 1.0, 3.2]), np.array([0.0, 0.9, 0.0]))


@pytest.fixture(scope="module")
def standing(person):
    return person.surface_at_rest() + np.array([0.0, 1.1, 0.0])


@pytest.fixture(scope="module")
def furnished(renderer, person):
    stage = make_stage("room", stream(person.seed, "stage"))
    renderer.set_stage(replace(stage, key=replace(stage.key, intensity=3.0)))
    renderer.set_person(person)
    return renderer


def test_the_mask_is_the_projected_body(furnished, standing):
    picture = furnished.render(standing, K, FRONT)
    # Fingers are thinner than a pixel here: any coverage counts.
    image, mask = picture.image, picture.coverage > 0
    assert image.shape == (96, 64, 3)
    assert mask.shape == (96, 64)
    seen = standing @ FRONT[:3, :3].T + FRONT[:3, 3]
    pixels = seen[:, :2] / seen[:, 2:] * 90.0 + K[:2, 2]
    low, high = np.floor(pixels.min(axis=0)), np.ceil(pixels.max(axis=0))
    rows, columns = np.nonzero(mask)
    assert abs(columns.min() - low[0]) <= 1
    assert abs(rows.min() - low[1]) <= 1
    assert abs(columns.max() + 1 - high[0]) <= 1
    assert abs(rows.max() + 1 - high[1]) <= 1


def test_pixel_centers_are_at_one_half(furnished, standing):
    # Moving the principal point by exactly one pixel moves mask and picture by exactly one pixel.
    mask = furnished.render(standing, K, FRONT).mask
    moved = K.copy()
    moved[0, 2] += 1
    shifted = furnished.render(standing, moved, FRONT).mask
    assert (mask[:, :-1] != shifted[:, 1:]).mean() < 0.002


def test_the_person_has_its_colors_on_the_room(furnished, standing):
    picture = furnished.render(standing, K, FRONT)
    image, mask = picture.image, picture.mask
    assert not furnished.render(standing + FAR_UP, K, FRONT).mask.any()
    assert image[mask].std() > 8
    assert image[~mask].mean() > 30


def test_the_lamp_throws_a_shadow(furnished, standing):
    above = look_at(np.array([0.0, 3.3, 1.5]), np.array([0.0, 0.0, 0.0]))
    wide = intrinsics(40.0, 96, 64)
    lit = furnished.render(standing, wide, above)
    mask = lit.coverage > 0.0
    without = furnished.render(standing + FAR_UP, wide, above).image
    darker = without.astype(int).sum(axis=2) - lit.image.astype(int).sum(axis=2)
    assert (darker[~mask] > 30).mean() > 0.005
    assert (darker[~mask] < -30).mean() < 0.001


def test_the_same_person_gives_the_same_picture(furnished, standing):
    first = furnished.render(standing, K, FRONT)
    again = furnished.render(standing.copy(), K, FRONT)
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.coverage, again.coverage)


def test_coverage_is_soft_at_edges_and_sharp_inside(furnished, standing):
    coverage = furnished.render(standing, K, FRONT).coverage
    assert set(np.unique(coverage)) >= {0.0, 1.0}
    assert 0.0 < ((coverage > 0) & (coverage < 1)).mean() < 0.1


def test_a_long_exposure_is_the_average_and_keeps_the_middle_mask(furnished, standing):
    places = [standing + np.array([shift, 0.0, 0.0]) for shift in (-0.1, 0.0, 0.1)]
    pictures = [furnished.render(place, K, FRONT) for place in places]
    blurred = blend(pictures)
    np.testing.assert_array_equal(blurred.mask, pictures[1].mask)
    low, high = (f([p.image for p in pictures], axis=0) for f in (np.min, np.max))
    assert (blurred.image >= low).all()
    assert (blurred.image <= high).all()
    assert (blurred.image != pictures[1].image).any()


def test_the_mesh_is_cut_along_texture_seams_only():
    faces = np.array([[0, 1, 2], [2, 1, 3]])
    ft = np.array([[0, 1, 2], [4, 1, 3]])  # Vertex 2 has texture points 2 and 4.
    layout = textured_layout(faces, np.arange(10.0).reshape(5, 2), ft)
    assert layout.size == 5
    np.testing.assert_array_equal(layout.vertex[layout.faces], faces)
    np.testing.assert_array_equal(layout.uv[layout.faces], np.arange(10.0).reshape(5, 2)[ft])


def test_a_machine_without_egl_is_told_what_to_install(monkeypatch):
    def fail(name):
        raise ImportError("Unable to load EGL library")

    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(MissingDependencyError, match="libegl1") as caught:
        load_pyrender()
    assert str(caught.value).count(". ") == 0, "one sentence"
    assert "Unable to load EGL library" in str(caught.value)


def test_a_renderer_that_cannot_open_is_explained(monkeypatch):
    pyrender = load_pyrender()

    def refuse(width, height):
        raise AttributeError("'NoneType' object has no attribute 'eglQueryString'")

    monkeypatch.setattr(pyrender, "OffscreenRenderer", refuse)
    with pytest.raises(MissingDependencyError, match="eglQueryString"):
        StageRenderer(8, 8)


def test_rooms_differ_between_seeds():
    first, second = (sample_stage(stream(seed, "stage")) for seed in (1, 2))
    assert first.key.intensity != second.key.intensity
