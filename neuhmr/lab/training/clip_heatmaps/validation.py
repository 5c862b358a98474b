"""How well heatmaps of a clip find keypoints of people they have not seen."""

import dataclasses
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.body.body25 import body25_points
from neuhmr.body.smpl_model import PosedBody
from neuhmr.ghn.model import Ghn
from neuhmr.ghn.views import ReferenceViews
from neuhmr.ghnerf.clips.clip_heatmaps import ClipHeatmaps, render_heatmaps
from neuhmr.ghnerf.keypoints.keypoints2d import Keypoints2d, keypoints_from_heatmaps
from neuhmr.lab.metrics.pck import count_correct, torso_diameter
from neuhmr.lab.training.clip_heatmaps.batches import KeypointPerson, wrong_pose
from neuhmr.lab.training.ghn.batches import draw_rows


@dataclass(frozen=True)
class ClipHeatmapScores:
    """Means over validation frames and the 25 keypoints."""

    pck_from_anchors: float
    """Of frames the encoder did not see, rendered at true poses from two other frames."""
    pck_from_frame: float
    """Of frames the encoder sees, rendered at wrong poses."""
    pck_of_wrong_pose: float
    """Of the wrong poses' own keypoints, for comparison."""
    error_from_frame_share: float
    """Mean distance of what was found in the frame to the truth, in diameters of the torso."""
    error_of_wrong_pose_share: float
    """The same of the wrong poses' own keypoints."""

    def as_dict(self) -> dict[str, float]:
        """By name."""
        return dataclasses.asdict(self)


@torch.no_grad()
def validate_clip_heatmaps(
    model: ClipHeatmaps, ghn: Ghn, people: list[KeypointPerson], seed: int = 0
) -> ClipHeatmapScores:
    """Look for the keypoints of one frame of each person; the same frames at every call."""
    was_training = model.training
    model.eval()
    generator = torch.Generator().manual_seed(seed)
    rows = [_score_person(model, ghn, person, generator) for person in people]
    model.train(was_training)
    return ClipHeatmapScores(*torch.stack(rows).mean(dim=0).tolist())


def _score_person(
    model: ClipHeatmaps, ghn: Ghn, person: KeypointPerson, generator: torch.Generator
) -> Float[Tensor, "5"]:
    prepared = person.prepared
    device = next(ghn.parameters()).device
    anchors, targets = draw_rows(prepared, 1, generator)
    row = int(targets[0])
    views = prepared.views(torch.cat([anchors, targets]), torch.ones(3)).to(device)
    avatar = prepared.condition(ghn, views[:2])
    frame = views[2]
    truth = frame.cameras.project(person.keypoints[row].to(device))
    everything = torch.ones(25, dtype=torch.bool, device=truth.device)
    torso = torso_diameter(truth, everything)

    def distances(points: Float[Tensor, "25 2"]) -> Float[Tensor, " 25"]:
        return (points - truth).norm(dim=-1) / torso

    def pck(points: Float[Tensor, "25 2"], where: Bool[Tensor, "25"]) -> float:
        share = count_correct(points, where, truth, everything).pck
        assert share is not None, truth
        return share

    def found(sources: ReferenceViews, posed: PosedBody) -> Keypoints2d:
        looked = model.look(sources, avatar)
        seen = render_heatmaps(model, avatar, looked, posed, frame.cameras)
        size = (frame.cameras.height, frame.cameras.width)
        return keypoints_from_heatmaps(seen.heatmaps.T.reshape(-1, *size))

    from_anchors = found(views[:2], frame.posed)
    wrong = wrong_pose(person, row, generator).to(device)
    from_frame = found(replace(frame, posed=wrong)[None], wrong)
    of_pose = frame.cameras.project(body25_points(wrong))
    error = distances(from_frame.points)[from_frame.found]
    return torch.tensor(
        [
            pck(from_anchors.points, from_anchors.found),
            pck(from_frame.points, from_frame.found),
            pck(of_pose, everything),
            float(error.mean()) if len(error) else 1.0,
            float(distances(of_pose).mean()),
        ]
    )
