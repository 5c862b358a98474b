"""Everything that is measured of one row of GHNeRF's tables on one moment."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.body.smpl_model import PosedBody, SmplModel
from neuhmr.geometry.cameras import Camera
from neuhmr.ghnerf.keypoints.keypoints2d import Keypoints2d, keypoints_from_heatmaps
from neuhmr.ghnerf.keypoints.keypoints3d import Keypoints3d
from neuhmr.ghnerf.keypoints.triangulation import triangulate
from neuhmr.ghnerf.network.extraction import (
    SpaceConfig,
    has_heatmaps,
    heatmaps_of,
    keypoints_from_field,
)
from neuhmr.ghnerf.network.frustum import box_pixels
from neuhmr.ghnerf.network.image_rendering import GhnerfImage, render_target
from neuhmr.ghnerf.network.model import Ghnerf
from neuhmr.ghnerf.network.views import SourceViews, TargetView
from neuhmr.lab.benchmarks.ghnerf.features import (
    PartCount,
    count_parts,
    embedding_distances_mm,
    no_parts,
)
from neuhmr.lab.benchmarks.ghnerf.pictures import (
    HeatmapErrors,
    box_psnr_db,
    box_ssim,
    score_heatmaps,
)
from neuhmr.lab.benchmarks.ghnerf.views import (
    TrueView,
    nearest_sources,
    split_views,
    true_points,
    true_view,
)
from neuhmr.lab.metrics.lpips import Lpips
from neuhmr.lab.metrics.pck import KeypointCount, count_correct, no_keypoints
from neuhmr.lab.moments.heatmaps import draw_heatmaps
from neuhmr.lab.moments.moment_pictures import share_for, shown_target, source_views
from neuhmr.lab.moments.moments import Moment
from neuhmr.lab.moments.surface_truth import surface_at

REFERENCES = 3
"""Source cameras through which the field is asked for 3D keypoints."""


@dataclass
class MomentScores:
    """Figures of one row on one moment, one entry per target view."""

    psnr_db: list[float] = field(default_factory=list)
    ssim: list[float] = field(default_factory=list)
    lpips: list[float] = field(default_factory=list)
    heatmaps: list[HeatmapErrors] = field(default_factory=list)
    keypoints: KeypointCount = field(default_factory=no_keypoints)
    encode_s: list[float] = field(default_factory=list)
    render_s: list[float] = field(default_factory=list)
    volume_mm: list[float] = field(default_factory=list)
    """Distances of the keypoints that the field itself scored highest, one entry per keypoint."""
    triangulated_mm: list[float] = field(default_factory=list)
    """Distances of those triangulated from rendered target views."""
    points: int = 0
    """3D keypoints that have a truth."""
    parts: PartCount = field(default_factory=no_parts)
    """Body parts of all pixels that show the naked body."""
    embedding_mm: list[float] = field(default_factory=list)
    """Distances of the surface points that the embedding names, medians over the same pixels."""


@dataclass(frozen=True, kw_only=True)
class MeasureConfig:
    """What is rendered of every moment."""

    sources: int = 3
    """Source views per target, the nearest ones."""
    size: int = 256
    """Pixels along the subject's larger side; larger pictures are made smaller, as the papers
    halve theirs."""
    targets: int = 8
    """Target views per moment at most, evenly spread."""
    space: SpaceConfig = field(default_factory=SpaceConfig)
    """How 3D keypoints are found."""
    in_space: bool = True
    """Find 3D keypoints."""


def targets_of(moment: Moment, config: MeasureConfig) -> list[int]:
    """Choose a moment's target views."""
    _, targets = split_views(len(moment))
    count = min(config.targets, len(targets))
    return [targets[(2 * i + 1) * len(targets) // (2 * count)] for i in range(count)]


def sources_for(moment: Moment, view: int, config: MeasureConfig) -> SourceViews:
    """Read a target's source views, shrunk as much as the target is.

    Raises:
        DatasetError: a picture cannot be read, or a camera does not see the subject.
    """
    share = share_for(moment, view, float(config.size))
    return source_views(moment, nearest_sources(moment, view, config.sources), share)


@torch.no_grad()
def measure_network(
    model: Ghnerf,
    moment: Moment,
    config: MeasureConfig,
    device: torch.device,
    lpips: Lpips | None = None,
    body_model: SmplModel | None = None,
) -> MomentScores:
    """Render a moment's target views from their nearest sources and compare.

    Args:
        model: the row's network.
        moment: what is rendered.
        config: what is measured.
        device: where the network is.
        lpips: None leaves LPIPS out.
        body_model: of the moments' bodies; None leaves body parts and surface embedding out.

    Raises:
        DatasetError: a picture cannot be read, or a camera does not see the subject.
    """
    scores = MomentScores()
    seen: list[tuple[TargetView, Keypoints2d]] = []
    for view in targets_of(moment, config):
        truth = true_view(moment, view, config.size)
        sources = sources_for(moment, view, config).to(device)
        start = _now(device)
        encoded = model.encode(sources)
        middle = _now(device)
        image = render_target(model, encoded, truth.target.to(device))
        scores.render_s.append(_now(device) - middle)
        scores.encode_s.append(middle - start)
        image = image.to("cpu")
        keypoints = score_view(scores, model, image, truth, lpips)
        if body_model is not None and moment.body is not None:
            score_surface(scores, model, image, truth.target, moment.body, body_model)
        if keypoints is not None:
            seen.append((truth.target, keypoints))
    if seen and config.in_space:
        _measure_space(scores, model, moment, seen, config, device)
    return scores


def score_view(
    scores: MomentScores,
    model: Ghnerf,
    image: GhnerfImage,
    truth: TrueView,
    lpips: Lpips | None = None,
) -> Keypoints2d | None:
    """Add one rendered view to the scores; return its keypoints where there are heatmaps."""
    box, color = box_mask(truth), image.color.permute(2, 0, 1)
    scores.psnr_db.append(box_psnr_db(color, truth.image, box))
    scores.ssim.append(box_ssim(color, truth.image, box))
    if lpips is not None:
        scores.lpips.append(lpips(color * box, truth.image * box))
    if not has_heatmaps(model):
        return None
    heatmaps = heatmaps_of(model, image)
    errors = score_heatmaps(heatmaps, true_heatmaps(truth), truth.valid, box)
    if errors is not None:
        scores.heatmaps.append(errors)
    found = keypoints_from_heatmaps(heatmaps)
    scores.keypoints = scores.keypoints + count_correct(
        found.points, found.found, truth.keypoints, truth.valid
    )
    return found


def score_surface(
    scores: MomentScores,
    model: Ghnerf,
    image: GhnerfImage,
    target: TargetView,
    body: PosedBody,
    body_model: SmplModel,
) -> None:
    """Add a rendered view's body parts and surface embedding, as far as the network has them.

    Args:
        scores: what is added to.
        model: the network.
        image: rendered by it.
        target: where it looked from.
        body: the true one (m, world).
        body_model: its model.
    """
    kinds = {head.kind for head in model.config.feature_heads} & {"parts", "embedding"}
    if not kinds:
        return
    pixels = box_pixels(target)
    surface = surface_at(body, body_model, target.camera, target.T_camera_world, target.box, pixels)
    column, row = pixels[surface.is_body].long().unbind(dim=-1)
    features = image.features[row, column]
    if "parts" in kinds:
        own = features[:, model.config.feature_slice("parts")]
        scores.parts = scores.parts + count_parts(own, surface.parts[surface.is_body])
    if "embedding" in kinds and len(features):
        own = features[:, model.config.feature_slice("embedding")]
        truth = surface.embedding[surface.is_body]
        scores.embedding_mm.append(float(embedding_distances_mm(own, truth, body_model).median()))


def measure_zero(moment: Moment, config: MeasureConfig) -> MomentScores:
    """Measure a predictor of empty heatmaps, below which no figure means anything.

    Raises:
        DatasetError: a picture cannot be read.
    """
    scores = MomentScores()
    for view in targets_of(moment, config):
        truth = true_view(moment, view, config.size)
        heatmaps = true_heatmaps(truth)
        errors = score_heatmaps(torch.zeros_like(heatmaps), heatmaps, truth.valid, box_mask(truth))
        if errors is not None:
            scores.heatmaps.append(errors)
        nothing = torch.zeros_like(truth.valid)
        scores.keypoints = scores.keypoints + count_correct(
            truth.keypoints, nothing, truth.keypoints, truth.valid
        )
    return scores


def true_heatmaps(truth: TrueView) -> Float[Tensor, "25 height width"]:
    """Draw what a view's heatmaps should be."""
    keypoints = torch.cat([truth.keypoints, truth.valid[:, None].to(truth.keypoints)], dim=-1)
    return draw_heatmaps(keypoints, *truth.image.shape[1:])


def box_mask(truth: TrueView) -> Bool[Tensor, "height width"]:
    """Mark the pixels that look at the subject's box."""
    mask = torch.zeros(truth.image.shape[1:], dtype=torch.bool)
    column, row = box_pixels(truth.target).long().unbind(dim=-1)
    mask[row, column] = True
    return mask


def distances_mm(
    found: Keypoints3d, truth: Float[Tensor, "25 3"], valid: Bool[Tensor, "25"]
) -> list[float]:
    """Measure how far found keypoints are from the truth (mm); those not found are left out."""
    counted = found.found.cpu() & valid
    return (1000.0 * (found.points.cpu() - truth).norm(dim=-1))[counted].tolist()


def _measure_space(
    scores: MomentScores,
    model: Ghnerf,
    moment: Moment,
    seen: Sequence[tuple[TargetView, Keypoints2d]],
    config: MeasureConfig,
    device: torch.device,
) -> None:
    truth, valid = true_points(moment)
    scores.points += int(valid.sum())
    targets = [target for target, _ in seen]
    first = targets[0].camera
    cameras = Camera(
        torch.stack([target.camera.K for target in targets]), first.height, first.width
    )
    crossed = triangulate(
        torch.stack([keypoints.points for _, keypoints in seen]),
        torch.stack([keypoints.confidence for _, keypoints in seen]),
        cameras,
        torch.stack([target.T_camera_world for target in targets]),
    )
    scores.triangulated_mm += distances_mm(crossed, truth, valid)
    candidates, _ = split_views(len(moment))
    count = min(REFERENCES, len(candidates))
    chosen = tuple(candidates[i * len(candidates) // count] for i in range(count))
    looks = []
    for view in chosen:
        target = shown_target(moment, view, share_for(moment, view, float(config.size)))
        encoded = model.encode(sources_for(moment, view, config).to(device))
        looks.append((encoded, target.to(device)))
    scores.volume_mm += distances_mm(keypoints_from_field(model, looks, config.space), truth, valid)


def _now(device: torch.device) -> float:
    """Read the clock after the device has finished what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
