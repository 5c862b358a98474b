import importlib

import numpy as np
import pytest

from neuhmr.body.open_body import load_open_body_surface
from neuhmr.errors import MissingDependencyError
from neuhmr.offscreen_gl import load_pyrender
from neuhmr.people.camera_ring import intrinsics, look_at
from neuhmr.people.person import stream, textured_layout
from neuhmr.people.stage import sample_stage
from neuhmr.people.stage_renderer import StageRenderer

K = intrinsics(90.0, 96, 64)
FAR_UP = np.array([0.0, 50.0, 0.0])
FRONT = look_at(np.array([0.0, 1.0, 3.2]), np.array([0.0, 0.9, 0.0]))


@pytest.fixture(scope="module")
def standing(person):
    return person.clothed_vertices.numpy().astype(np.float64) + np.array([0.0, 1.1, 0.0])


@pytest.fixture(scope="module")
def furnished(renderer, person):
    renderer.set_stage(sample_stage(stream(person.seed, "stage")))
    renderer.set_person_texture(person.texture)
    return renderer


def test_the_mask_is_the_projected_body(furnished, standing):
    image, mask = furnished.render(standing, K, FRONT)
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
    _, mask = furnished.render(standing, K, FRONT)
    moved = K.copy()
    moved[0, 2] += 1
    _, shifted = furnished.render(standing, moved, FRONT)
    assert (mask[:, :-1] != shifted[:, 1:]).mean() < 0.002


def test_the_person_has_its_colors_on_the_room(furnished, standing):
    image, mask = furnished.render(standing, K, FRONT)
    _, empty = furnished.render(standing + FAR_UP, K, FRONT)
    assert not empty.any()
    assert image[mask].std() > 8
    assert image[~mask].mean() > 30


def test_the_lamp_throws_a_shadow(furnished, standing):
    above = look_at(np.array([0.0, 3.3, 1.5]), np.array([0.0, 0.0, 0.0]))
    wide = intrinsics(40.0, 96, 64)
    with_person, mask = furnished.render(standing, wide, above)
    without, _ = furnished.render(standing + FAR_UP, wide, above)
    darker = without.astype(int).sum(axis=2) - with_person.astype(int).sum(axis=2)
    assert (darker[~mask] > 30).mean() > 0.005
    assert (darker[~mask] < -30).mean() < 0.001


def test_the_same_person_gives_the_same_picture(furnished, standing):
    first, _ = furnished.render(standing, K, FRONT)
    again, _ = furnished.render(standing, K, FRONT)
    np.testing.assert_array_equal(first, again)


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


def test_a_renderer_that_cannot_open_is_explained(monkeypatch, person):
    pyrender = load_pyrender()

    def refuse(width, height):
        raise AttributeError("'NoneType' object has no attribute 'eglQueryString'")

    monkeypatch.setattr(pyrender, "OffscreenRenderer", refuse)
    with pytest.raises(MissingDependencyError, match="eglQueryString"):
        StageRenderer(8, 8, load_open_body_surface(), person.shaped.model.faces.numpy())


def test_rooms_differ_between_seeds():
    first, second = (sample_stage(stream(seed, "stage")) for seed in (1, 2))
    assert first.key.intensity != second.key.intensity
