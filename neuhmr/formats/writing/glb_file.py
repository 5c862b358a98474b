"""Animated body as GLB (glTF 2.0): skinned mesh, skeleton and keys; m, y up, s."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from jaxtyping import Float

from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from neuhmr.clip.atomic import atomic_path
from neuhmr.formats.writing.animation import Animation, Remarks
from neuhmr.formats.writing.continuity import wxyz_over_time
from neuhmr.formats.writing.four_weights import FourWeights, four_weights
from neuhmr.formats.writing.gltf_buffer import INDEX_DATA, VERTEX_DATA, GltfBuffer

SKIN_COLOR = (0.72, 0.75, 0.80, 1.0)
_MOST_SHORT_INDEX = 65534
"""The largest index of two bytes; 65535 starts a new strip."""


def write(path: Path, animation: Animation) -> Remarks:
    """Write the body with keys at the clip's times.

    Joint nodes turn in their parents' axes. The pelvis has the world for a parent, and its position
    is where the pelvis is: its rest position plus smplx's translation.

    Raises:
        OutputError: the file cannot be written.
    """
    buffer = GltfBuffer()
    skinning = four_weights(animation)
    joints = list(range(len(animation.parents)))
    content: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": f"NeuHMR workbench {_version()}"},
        "scene": 0,
        "scenes": [{"nodes": [0, len(joints)]}],
        "nodes": [*_joint_nodes(animation), {"name": "body", "mesh": 0, "skin": 0}],
        "meshes": [{"name": "body", "primitives": [_primitive(buffer, animation, skinning)]}],
        "materials": [_material()],
        "skins": [
            {
                "joints": joints,
                "skeleton": 0,
                "inverseBindMatrices": buffer.add(_inverse_binds(animation.joints_rest)),
            }
        ],
        "animations": [_keys(buffer, animation)],
    }
    with atomic_path(path) as partial:
        buffer.write(partial, content)
    return skinning.remarks


def _joint_nodes(animation: Animation) -> list[dict[str, Any]]:
    nodes = []
    for joint, parent in enumerate(animation.parents):
        rest = animation.joints_rest[joint]
        offset = rest if parent < 0 else rest - animation.joints_rest[parent]
        node: dict[str, Any] = {"name": SMPL_JOINT_NAMES[joint], "translation": offset.tolist()}
        children = [child for child, above in enumerate(animation.parents) if above == joint]
        if children:
            node["children"] = children
        nodes.append(node)
    return nodes


def _primitive(
    buffer: GltfBuffer, animation: Animation, skinning: FourWeights
) -> dict[str, object]:
    faces = np.asarray(animation.body.faces)
    mesh = trimesh.Trimesh(animation.v_shaped, faces, process=False)
    # A vertex that no face uses has no normal; any unit vector is valid.
    normals = np.asarray(mesh.vertex_normals, np.float64).copy()
    normals[np.linalg.norm(normals, axis=1) < 0.5] = (0.0, 1.0, 0.0)
    index_type = np.uint16 if len(animation.v_shaped) - 1 <= _MOST_SHORT_INDEX else np.uint32
    weights = skinning.weights.astype(np.float32)
    return {
        "attributes": {
            "POSITION": buffer.add(animation.v_shaped.astype(np.float32), VERTEX_DATA, True),
            "NORMAL": buffer.add(normals.astype(np.float32), VERTEX_DATA),
            "JOINTS_0": buffer.add(skinning.joints.astype(np.uint8), VERTEX_DATA),
            "WEIGHTS_0": buffer.add(weights, VERTEX_DATA),
        },
        "indices": buffer.add(faces.astype(index_type).reshape(-1), INDEX_DATA),
        "material": 0,
    }


def _material() -> dict[str, object]:
    return {
        "name": "skin",
        "pbrMetallicRoughness": {
            "baseColorFactor": list(SKIN_COLOR), "metallicFactor": 0.0, "roughnessFactor": 0.8
        },
    }  # fmt: skip


def _inverse_binds(joints_rest: Float[np.ndarray, "joints 3"]) -> Float[np.ndarray, "joints 4 4"]:
    """At rest no joint is turned, so that only its place is taken back."""
    matrices = np.tile(np.eye(4, dtype=np.float32), (len(joints_rest), 1, 1))
    matrices[:, :3, 3] = -joints_rest
    return matrices


def _keys(buffer: GltfBuffer, animation: Animation) -> dict[str, object]:
    times = buffer.add(animation.times.astype(np.float32), has_bounds=True)
    pelvis = buffer.add(animation.joints[:, 0].astype(np.float32))
    xyzw = np.roll(wxyz_over_time(animation.local_rotmats), -1, axis=-1).astype(np.float32)
    samplers = [{"input": times, "output": pelvis, "interpolation": "LINEAR"}]
    channels = [{"sampler": 0, "target": {"node": 0, "path": "translation"}}]
    for joint in range(len(animation.parents)):
        output = buffer.add(xyzw[:, joint])
        channels.append({"sampler": len(samplers), "target": {"node": joint, "path": "rotation"}})
        samplers.append({"input": times, "output": output, "interpolation": "LINEAR"})
    return {"name": "motion", "samplers": samplers, "channels": channels}


def _version() -> str:
    return version("neuhmr-workbench")
