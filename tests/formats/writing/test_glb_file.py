"""GLB files, read by pygltflib and trimesh; nodes and skin are worked out by the test."""

import time
from dataclasses import replace

import numpy as np
import pytest
import trimesh

from neuhmr.body.model_files import load_body_arrays
from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from neuhmr.errors import OutputError
from neuhmr.formats.writing.formats import WriteOptions
from neuhmr.formats.writing.write import write_motion
from tests.formats.writing.people import FRAMES, ONE_MM, chain, make_person
from tests.synthetic_body import make_synthetic_body

pygltflib = pytest.importorskip("pygltflib")

KINDS = {5126: "<f4", 5121: "<u1", 5123: "<u2", 5125: "<u4"}
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Reader:
    def __init__(self, path):
        self.gltf = pygltflib.GLTF2().load(str(path))
        self.blob = self.gltf.binary_blob()

    def array(self, number: int) -> np.ndarray:
        accessor = self.gltf.accessors[number]
        view = self.gltf.bufferViews[accessor.bufferView]
        start = (view.byteOffset or 0) + (accessor.byteOffset or 0)
        width = WIDTHS[accessor.type]
        flat = np.frombuffer(
            self.blob, KINDS[accessor.componentType], accessor.count * width, start
        )
        return flat.reshape(accessor.count, width) if width > 1 else flat

    def pose(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Times, and each joint's rotation and offset by key."""
        (animation,) = self.gltf.animations
        joints = self.gltf.skins[0].joints
        times = self.array(animation.samplers[0].input)
        offsets = np.stack([np.array(self.gltf.nodes[j].translation) for j in joints])
        offsets = np.tile(offsets, (len(times), 1, 1))
        rotmats = np.tile(np.eye(3), (len(times), len(joints), 1, 1))
        for channel in animation.channels:
            values = self.array(animation.samplers[channel.sampler].output)
            joint = joints.index(channel.target.node)
            if channel.target.path == "translation":
                offsets[:, joint] = values
            else:
                rotmats[:, joint] = from_xyzw(values.astype(np.float64))
        return times, rotmats, offsets

    def parents(self) -> list[int]:
        joints = self.gltf.skins[0].joints
        above = {child: j for j in joints for child in self.gltf.nodes[j].children or []}
        return [joints.index(above[j]) if j in above else -1 for j in joints]


def from_xyzw(q: np.ndarray) -> np.ndarray:
    np.testing.assert_allclose(np.linalg.norm(q, axis=-1), 1.0, atol=1e-5)
    x, y, z, w = q.T
    return np.stack([
        1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
        2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
        2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
    ], axis=-1).reshape(-1, 3, 3)  # fmt: skip


def world_rotmats(rotmats: np.ndarray, parents: list[int]) -> np.ndarray:
    world = rotmats.copy()
    for joint, parent in enumerate(parents):
        if parent >= 0:
            world[:, joint] = world[:, parent] @ rotmats[:, joint]
    return world


@pytest.fixture(scope="module")
def written(person, tmp_path_factory):
    path = tmp_path_factory.mktemp("glb") / "a.glb"
    remarks = write_motion(path, person.content, person.model, "glb")
    return Reader(path), path, remarks


def test_joint_nodes_are_where_the_joints_were(written, person):
    reader, _, _ = written
    times, rotmats, offsets = reader.pose()
    np.testing.assert_allclose(times, np.arange(FRAMES) / 25.0, atol=1e-6)
    joints = chain(offsets, rotmats, reader.parents())
    np.testing.assert_allclose(joints, person.joints_up("y"), atol=ONE_MM)
    names = [reader.gltf.nodes[j].name for j in reader.gltf.skins[0].joints]
    assert tuple(names) == SMPL_JOINT_NAMES


def test_the_skinned_surface_is_where_it_was(written, person):
    reader, _, _ = written
    _, rotmats, offsets = reader.pose()
    parents = reader.parents()
    world, joints = world_rotmats(rotmats, parents), chain(offsets, rotmats, parents)
    (primitive,) = reader.gltf.meshes[0].primitives
    points = reader.array(primitive.attributes.POSITION)
    bones = reader.array(primitive.attributes.JOINTS_0).astype(int)
    weights = reader.array(primitive.attributes.WEIGHTS_0)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-6)
    binds = reader.array(reader.gltf.skins[0].inverseBindMatrices).reshape(-1, 4, 4)
    for row in (0, FRAMES - 1):
        transforms = np.tile(np.eye(4), (24, 1, 1))
        transforms[:, :3, :3], transforms[:, :3, 3] = world[row], joints[row]
        # glTF stores columns; reshaped rows are the transpose.
        skinning = transforms @ np.swapaxes(binds, 1, 2)
        blended = np.einsum("vk,vkab->vab", weights, skinning[bones])
        posed = blended @ np.concatenate([points, np.ones((len(points), 1))], axis=1)[..., None]
        np.testing.assert_allclose(posed[:, :3, 0], person.vertices_up("y")[row], atol=ONE_MM)
    faces = reader.array(primitive.indices).reshape(-1, 3)
    np.testing.assert_array_equal(faces, person.model.faces.numpy())


def test_trimesh_reads_the_mesh_and_the_tree(written, person):
    _, path, _ = written
    scene = trimesh.load(path)
    (mesh,) = scene.geometry.values()
    assert len(mesh.faces) == len(person.model.faces)
    assert set(SMPL_JOINT_NAMES) <= set(scene.graph.nodes)


def test_what_four_bones_and_missing_correctives_cost_is_said(person, tmp_path):
    model = make_synthetic_body(posedirs=True)
    weights = model.lbs_weights.clone()
    weights[0] = 0.0
    weights[0, [0, 1, 2, 3, 4]] = 0.2
    changed = replace(model, lbs_weights=weights)
    remarks = write_motion(tmp_path / "a.glb", person.content, changed, "glb")
    said = " ".join(remarks)
    assert "1 vertices with more than 4 bones" in said and "Pose correctives are left out" in said
    # By torch: the same body with and without the fifth bone.
    fewer = weights.clone()
    fewer[0, [0, 1, 2, 3]], fewer[0, 4] = 0.25, 0.0
    plain = [
        person.content.motion.pose(replace(model, lbs_weights=w, posedirs=None)).vertices[:, 0]
        for w in (weights, fewer)
    ]
    moved = 1000.0 * float((plain[0] - plain[1]).norm(dim=-1).max())
    assert f"by up to {moved:.2f} mm" in said
    whole = person.content.motion.pose(changed).vertices
    bare = person.content.motion.pose(replace(changed, posedirs=None)).vertices
    # Blending shrinks offsets a little, where bones are turned against each other.
    off = 1000.0 * float((whole - bare).norm(dim=-1).max())
    told = float(said.split("off by up to ")[1].split(" mm")[0])
    assert off <= told + 0.1 and told < 1.5 * off


def test_weights_that_are_four_at_most_are_no_remark(written):
    assert not any("bones" in remark for remark in written[2])


def test_z_up_is_refused_as_the_format_knows_only_y(person, tmp_path):
    with pytest.raises(OutputError, match="glb is always y up"):
        write_motion(tmp_path / "a.glb", person.content, person.model, "glb", WriteOptions(up="z"))


def test_keys_of_a_resampled_clip_stay_at_its_times(person, tmp_path):
    content = person.content.select(np.arange(FRAMES) >= 5)
    options = WriteOptions(fps=50.0)
    write_motion(tmp_path / "a.glb", content, person.model, "glb", options)
    times, _, _ = Reader(tmp_path / "a.glb").pose()
    np.testing.assert_allclose(times, np.arange(10, 23) / 50.0, atol=1e-6)


@pytest.mark.slow
def test_a_thousand_frames_take_seconds(tmp_path):
    person = make_person(frames=1000)
    body = load_body_arrays()
    start = time.perf_counter()
    write_motion(tmp_path / "a.glb", person.content, body, "glb")
    assert time.perf_counter() - start < 15.0  # 5 s are wanted; machines are shared.
