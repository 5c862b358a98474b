"""How well image features find joints again when the poses they were registered at are wrong.

quality = matching_quality(crops, features, truth, wrong, body, anchors)
print(quality.before_px, quality.after_px)

Joint descriptors are registered in the anchor rows at the wrong poses (NeuHMR Eq. 9); every other
row is searched around its wrong joints (Eq. 12), and what is found is compared with the truth.
Depths for Eq. 8 come from the body's mesh, so that no avatar has a part in the result.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from neuhmr.anchors.frame_poses import pose_frame
from neuhmr.anchors.registration import JointDescriptors, register_joints
from neuhmr.anchors.visibility import JointDepths, joint_visibility
from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from neuhmr.body.smpl_model import ShapedBody
from neuhmr.clip.crops import PersonCrops
from neuhmr.lab.people.errors.wrong_poses import REFERENCE_HEIGHT, person_height
from neuhmr.refine.settings.terms import MatchingConfig
from neuhmr.refine.terms.matching import match_joints
from neuhmr.rendering.mesh_raster import rasterize_mesh

NEAR_PX = 8.0
"""Joints that start within this of the truth can be found ..."""
FOUND_PX = 3.0
"""... and count as found within this (both px at 150 px person height)."""


@dataclass(frozen=True)
class MatchingQuality:
    """Every match of a joint that the frame truly shows; px at a person's height of 150 px."""

    joint: Int[Tensor, " matches"]
    """SMPL joint."""
    before: Float[Tensor, " matches"]
    """Distance of the wrong pose's joint from the truth (px)."""
    after: Float[Tensor, " matches"]
    """Distance of the best candidate from the truth (px)."""
    chance: Float[Tensor, " matches"]
    """Share of the candidates that would count as found."""
    similarity: Float[Tensor, " matches"]
    """Cosine of the best candidate."""

    @property
    def before_px(self) -> float:
        """Mean distance before matching."""
        return float(self.before.mean())

    @property
    def after_px(self) -> float:
        """Mean distance after matching."""
        return float(self.after.mean())

    @property
    def found_share(self) -> float:
        """Share of the joints that start near the truth and are found."""
        return float((self.after[self._is_near] < FOUND_PX).float().mean())

    @property
    def chance_share(self) -> float:
        """What `found_share` would be if a candidate were drawn at random."""
        return float(self.chance[self._is_near].mean())

    @property
    def _is_near(self) -> Bool[Tensor, " matches"]:
        return self.before < NEAR_PX

    def per_joint(self) -> dict[str, tuple[float, float, float]]:
        """Mean px before, mean px after and share found, by the joint's name."""
        table = {}
        for joint in self.joint.unique().tolist():
            of_joint = self.only(self.joint == joint)
            name = SMPL_JOINT_NAMES[joint]
            table[name] = (of_joint.before_px, of_joint.after_px, of_joint.found_share)
        return table

    def only(self, chosen: Bool[Tensor, " matches"]) -> "MatchingQuality":
        """Look at some matches only."""
        return MatchingQuality(
            self.joint[chosen],
            self.before[chosen],
            self.after[chosen],
            self.chance[chosen],
            self.similarity[chosen],
        )

    @staticmethod
    def together(parts: Sequence["MatchingQuality"]) -> "MatchingQuality":
        """Pool the matches of several people or clips."""
        return MatchingQuality(
            torch.cat([part.joint for part in parts]),
            torch.cat([part.before for part in parts]),
            torch.cat([part.after for part in parts]),
            torch.cat([part.chance for part in parts]),
            torch.cat([part.similarity for part in parts]),
        )


@torch.no_grad()
def matching_quality(
    crops: PersonCrops,
    features: Float[Tensor, "frames channels feature_height feature_width"],
    truth: Motion,
    wrong: Motion,
    body: ShapedBody,
    anchors: Collection[int],
    prototypes: Float[Tensor, "joints channels"] | None = None,
    config: MatchingConfig | None = None,
    seed: int = 0,
) -> MatchingQuality:
    """Register in the anchors, match in all other valid rows, compare with the truth.

    Args:
        crops: the person's frames.
        features: `image_features` of the masked crops.
        truth: true poses, row for row.
        wrong: poses to start from.
        body: the person's body.
        anchors: rows to register in.
        prototypes: `joint_prototypes` of the network.
        config: the search; every pixel of a disk if None.
        seed: of random candidates.
    """
    config = config or MatchingConfig(search="grid")
    generator = torch.Generator().manual_seed(seed)
    size = (crops.cameras.height, crops.cameras.width)
    depths = [mesh_joint_depths(body, wrong, crops, row) for row in anchors]
    visible = [joint_visibility(depth, *size, config.epsilon) for depth in depths]
    pixels = torch.stack([depth.pixels for depth in depths])
    descriptors = register_joints(
        features[list(anchors)], pixels, torch.stack(visible), size, prototypes
    )
    rows = [row for row in range(len(truth)) if row not in anchors and bool(truth.valid[row])]
    parts = [
        _match_row(crops, features[row], descriptors, (truth, wrong), body, row, config, generator)
        for row in rows
    ]
    return MatchingQuality.together(parts)


def _match_row(
    crops: PersonCrops,
    features: Float[Tensor, "channels feature_height feature_width"],
    descriptors: JointDescriptors,
    motions: tuple[Motion, Motion],
    body: ShapedBody,
    row: int,
    config: MatchingConfig,
    generator: torch.Generator,
) -> MatchingQuality:
    truth, wrong = (mesh_joint_depths(body, motion, crops, row) for motion in motions)
    size = (crops.cameras.height, crops.cameras.width)
    matches = match_joints(features, descriptors, wrong, size, config, generator)
    joints = torch.tensor(matches.joints)
    counts = joint_visibility(truth, *size, config.epsilon) & (descriptors.counts > 0)
    counts = counts[joints]
    height = person_height(motions[0][row : row + 1], body, crops.cameras[row : row + 1])
    scale = REFERENCE_HEIGHT / float(height)
    goal = truth.pixels[joints]
    misses = (matches.candidates - goal[:, None]).norm(dim=-1) * scale
    quality = MatchingQuality(
        joint=joints,
        before=misses[:, 0],
        after=(matches.targets - goal).norm(dim=-1) * scale,
        chance=(misses < FOUND_PX).float().mean(dim=1),
        similarity=matches.best_similarities,
    )
    return quality.only(counts)


def mesh_joint_depths(
    body: ShapedBody, motion: Motion, crops: PersonCrops, row: int
) -> JointDepths:
    """Tell what the bare body's mesh shows at the joints' pixels of one row."""
    posed, camera = pose_frame(body, motion, row), crops.cameras[row]
    mesh = rasterize_mesh(posed.vertices, body.model.faces, camera)
    pixels = camera.project(posed.joints)
    columns = pixels[:, 0].long().clamp(0, camera.width - 1)
    rows = pixels[:, 1].long().clamp(0, camera.height - 1)
    depth = mesh.depth[rows, columns]
    hit = depth.isfinite()
    return JointDepths(pixels, posed.joints[:, 2], torch.where(hit, depth, 0.0), hit.float())
