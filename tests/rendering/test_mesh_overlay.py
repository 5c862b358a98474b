import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from neuhmr.errors import MissingDependencyError
from neuhmr.geometry.cameras import camera_from_focal
from neuhmr.rendering import mesh_overlay
from neuhmr.rendering.mesh_overlay import MeshOverlay
from neuhmr.rendering.mesh_raster import rasterize_mesh
from synthetic_body import make_synthetic_body

HEIGHT, WIDTH = 96, 80
CAMERA = camera_from_focal(120.0, HEIGHT, WIDTH)
GRAY = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)


def body_in_front_of_camera():
    model = make_synthetic_body()
    vertices = model.v_template * torch.tensor([1.0, -1.0, -1.0])
    return vertices + torch.tensor([0.03, -0.1, 2.6]), model.faces


def core_and_reach(mask):
    """Pixels at least one pixel inside the silhouette, and at most one pixel outside of it."""
    padded = torch.nn.functional.pad(mask[None, None].float(), (1, 1, 1, 1))
    reach = torch.nn.functional.max_pool2d(padded, 3, 1)[0, 0] > 0
    core = -torch.nn.functional.max_pool2d(-padded, 3, 1)[0, 0] > 0
    return core.numpy(), reach.numpy()


@pytest.fixture(params=["torch", "opengl"])
def overlay(request):
    try:
        with MeshOverlay(HEIGHT, WIDTH, request.param) as overlay:
            yield overlay
    except MissingDependencyError as problem:
        pytest.skip(str(problem))


def test_drawing_covers_the_silhouette_and_nothing_else(overlay):
    vertices, faces = body_in_front_of_camera()
    core, reach = core_and_reach(rasterize_mesh(vertices, faces, CAMERA).mask)
    drawn = overlay.draw(GRAY, vertices, faces, CAMERA, color=(1.0, 0.2, 0.2), opacity=1.0)
    is_red = drawn[..., 0].astype(int) - drawn[..., 2] > 30
    assert core.sum() > 500
    assert is_red[core].all()
    assert np.array_equal(drawn[~reach], GRAY[~reach])


def test_opacity_mixes_linearly_and_the_picture_itself_stays(overlay):
    vertices, faces = body_in_front_of_camera()
    image = GRAY.copy()
    full, half, none = (
        overlay.draw(image, vertices, faces, CAMERA, opacity=opacity).astype(float)
        for opacity in (1.0, 0.5, 0.0)
    )
    assert np.array_equal(image, GRAY)
    assert np.array_equal(none, GRAY)
    assert np.abs(half - (full + GRAY) / 2).max() <= 1.0  # Rounding to whole values.


def test_light_falls_from_the_upper_left(overlay):
    # The head alone (the tube that ends at joint 15), left and right of its middle.
    vertices, faces = body_in_front_of_camera()
    head = slice(14 * 34, 15 * 34)
    part = faces[((faces >= head.start) & (faces < head.stop)).all(dim=-1)]
    drawn = overlay.draw(np.zeros_like(GRAY), vertices, part, CAMERA, (1.0, 1.0, 1.0), 1.0)
    core, _ = core_and_reach(rasterize_mesh(vertices, part, CAMERA).mask)
    columns = np.nonzero(core.any(axis=0))[0]
    middle = int(columns.mean().round())
    brightness = np.where(core, drawn.mean(axis=-1), np.nan)
    assert np.nanmean(brightness[:, : middle - 1]) > np.nanmean(brightness[:, middle + 2 :]) + 20


def test_a_camera_of_another_size_is_resized(overlay):
    vertices, faces = body_in_front_of_camera()
    drawn = overlay.draw(GRAY, vertices, faces, CAMERA)
    again = overlay.draw(GRAY, vertices, faces, CAMERA.resized(HEIGHT * 3, WIDTH * 3))
    assert np.abs(drawn.astype(int) - again).max() <= 1


def test_a_body_behind_the_camera_leaves_the_picture_alone(overlay):
    vertices, faces = body_in_front_of_camera()
    behind = vertices * torch.tensor([1.0, 1.0, -1.0])
    assert np.array_equal(overlay.draw(GRAY, behind, faces, CAMERA), GRAY)


def test_a_picture_of_another_size_is_refused(overlay):
    vertices, faces = body_in_front_of_camera()
    with pytest.raises(ValueError, match="the overlay was made for"):
        overlay.draw(GRAY[1:], vertices, faces, CAMERA)


def test_other_threads_may_draw(overlay):
    vertices, faces = body_in_front_of_camera()
    here = overlay.draw(GRAY, vertices, faces, CAMERA)
    with ThreadPoolExecutor(1) as pool:
        there = pool.submit(overlay.draw, GRAY, vertices, faces, CAMERA).result()
    assert np.array_equal(here, there)


def test_closing_one_overlay_leaves_others_working(overlay):
    vertices, faces = body_in_front_of_camera()
    before = overlay.draw(GRAY, vertices, faces, CAMERA)
    for _ in range(3):
        with MeshOverlay(HEIGHT, WIDTH, overlay.backend) as other:
            other.draw(GRAY, vertices, faces, CAMERA)
    assert np.array_equal(overlay.draw(GRAY, vertices, faces, CAMERA), before)


def test_both_backends_look_alike():
    vertices, faces = body_in_front_of_camera()
    core, _ = core_and_reach(rasterize_mesh(vertices, faces, CAMERA).mask)
    pictures = []
    for backend in ("torch", "opengl"):
        try:
            with MeshOverlay(HEIGHT, WIDTH, backend) as overlay:
                pictures.append(overlay.draw(GRAY, vertices, faces, CAMERA, opacity=1.0))
        except MissingDependencyError as problem:
            pytest.skip(str(problem))
    difference = np.abs(pictures[0].astype(int) - pictures[1])[core]
    assert difference.mean() < 8


@pytest.fixture
def without_opengl(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyrender", None)
    mesh_overlay._note_fallback.cache_clear()
    yield
    mesh_overlay._note_fallback.cache_clear()


def test_without_opengl_the_z_buffer_draws_and_says_so_once(without_opengl, caplog):
    vertices, faces = body_in_front_of_camera()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            with MeshOverlay(HEIGHT, WIDTH) as overlay:
                assert overlay.backend == "torch"
                assert (overlay.draw(GRAY, vertices, faces, CAMERA) != GRAY).any()
    assert len(caplog.records) == 1
    assert "install libegl1" in caplog.text


def test_asking_for_opengl_where_there_is_none_is_an_error(without_opengl):
    with pytest.raises(MissingDependencyError, match="pyrender cannot be loaded"):
        MeshOverlay(HEIGHT, WIDTH, "opengl").__enter__()


def test_a_platform_the_user_chose_is_kept(monkeypatch):
    monkeypatch.setenv("PYOPENGL_PLATFORM", "nonsense")
    mesh_overlay._note_fallback.cache_clear()
    with MeshOverlay(HEIGHT, WIDTH) as overlay:
        assert overlay.backend == "torch"
    assert os.environ["PYOPENGL_PLATFORM"] == "nonsense"
