"""Meshes frame by frame, read by trimesh."""

import numpy as np
import pytest
import trimesh

from neuhmr.errors import OutputError
from neuhmr.formats.writing import folder as folder_module
from neuhmr.formats.writing.write import write_motion
from tests.formats.writing.people import FRAMES, ONE_MM
from tests.synthetic_body import make_synthetic_body


@pytest.mark.parametrize("name", ["obj", "ply"])
def test_every_frame_has_its_mesh(person, tmp_path, name):
    content = person.content.select(np.arange(FRAMES) >= 2)
    write_motion(tmp_path / "meshes", content, person.model, name)
    files = sorted((tmp_path / "meshes").iterdir())
    assert [path.name for path in files] == [f"frame_{f:06d}.{name}" for f in range(2, FRAMES)]
    for frame in (2, FRAMES - 1):
        mesh = trimesh.load(files[frame - 2], process=False)
        expected = person.vertices_up("y")[frame]
        shift = mesh.vertices[0, 1] - expected[0, 1]  # The floor is of fewer frames.
        np.testing.assert_allclose(mesh.vertices - [0, shift, 0], expected, atol=ONE_MM)
        np.testing.assert_array_equal(mesh.faces, person.model.faces.numpy())


def test_pose_correctives_are_in_the_meshes(person, tmp_path):
    model = make_synthetic_body(posedirs=True)
    write_motion(tmp_path / "meshes", person.content, model, "ply")
    mesh = trimesh.load(tmp_path / "meshes" / "frame_000011.ply", process=False)
    with_them = person.content.motion.pose(model).vertices[11].numpy()
    without = person.content.motion.pose(person.model).vertices[11].numpy()
    ours = mesh.vertices - mesh.vertices.mean(axis=0)
    # Lengths do not depend on the world.
    distances = [np.linalg.norm(v - v.mean(axis=0), axis=1) for v in (with_them, without)]
    np.testing.assert_allclose(np.linalg.norm(ours, axis=1), distances[0], atol=1e-5)
    assert np.abs(distances[0] - distances[1]).max() > 2 * ONE_MM


def test_a_folder_with_files_in_it_is_left_alone(person, tmp_path):
    (tmp_path / "meshes").mkdir()
    (tmp_path / "meshes" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="a new folder was expected"):
        write_motion(tmp_path / "meshes", person.content, person.model, "obj")
    assert [path.name for path in (tmp_path / "meshes").iterdir()] == ["mine.txt"]
    with pytest.raises(OutputError, match="does not exist; create that folder"):
        write_motion(tmp_path / "no" / "meshes", person.content, person.model, "obj")


def test_an_interrupted_folder_leaves_nothing(person, tmp_path, monkeypatch):
    class Broken(trimesh.Trimesh):
        def export(self, path):
            if path.name == "frame_000005.ply":
                raise KeyboardInterrupt
            path.write_text("x")

    monkeypatch.setattr(folder_module.trimesh, "Trimesh", Broken)
    with pytest.raises(KeyboardInterrupt):
        write_motion(tmp_path / "meshes", person.content, person.model, "ply")
    assert not list(tmp_path.iterdir())
