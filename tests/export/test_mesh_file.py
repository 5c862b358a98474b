"""Mesh files: axes, size, topology."""

from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh

from neuhmr.body.model_files import load_body_model
from neuhmr.cli.render import MESH_SUFFIXES
from neuhmr.export.mesh_file import write_mesh
from tests.painted_clip import turning_motion


@pytest.mark.parametrize("suffix", MESH_SUFFIXES)
def test_a_body_survives_the_round_trip(tmp_path: Path, suffix: str) -> None:
    posed = turning_motion(1).pose(load_body_model())
    path = tmp_path / f"body{suffix}"
    write_mesh(path, posed.vertices[0], posed.faces)
    mesh = trimesh.load(path, force="mesh", process=False)
    assert isinstance(mesh, trimesh.Trimesh)
    assert mesh.faces.shape == tuple(posed.faces.shape)
    assert mesh.is_watertight and mesh.volume == pytest.approx(0.0665, rel=0.2)
    # Camera (y down, z forward) becomes y up, z towards the viewer: the head is on top, 3 m away.
    expected = posed.vertices[0].numpy() * [1.0, -1.0, -1.0]
    np.testing.assert_allclose(mesh.bounds, [expected.min(0), expected.max(0)], atol=1e-5)


def test_a_reflection_would_turn_the_mesh_inside_out(tmp_path: Path) -> None:
    # Both axes change sign together: a rotation, so faces still wind outward.
    points = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    faces = torch.tensor([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    write_mesh(tmp_path / "t.ply", points, faces)
    mesh = trimesh.load(tmp_path / "t.ply", process=False)
    assert mesh.volume == pytest.approx(1 / 6)
