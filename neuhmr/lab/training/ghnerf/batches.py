"""What one training step of GHNeRF looks at: a few source views, a target, its rays."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuhmr.body.smpl_model import SmplModel
from neuhmr.geometry.cameras import sample_at_pixels
from neuhmr.geometry.rigid import Rigid
from neuhmr.ghnerf.network.frustum import box_pixels
from neuhmr.ghnerf.network.views import SourceViews, TargetView
from neuhmr.lab.moments.heatmaps import heatmaps_at
from neuhmr.lab.moments.moment_pictures import (
    Picture,
    share_for,
    shown,
    shown_target,
    source_views,
)
from neuhmr.lab.moments.moments import Moment
from neuhmr.lab.moments.surface_truth import SurfacePixels, surface_at
from neuhmr.tensor_struct import TensorStruct

DILATION = 5.0 / 512.0
"""How far around the person rays are drawn as if on it, and around its outline as if on that, over
the image height."""
COARSE_PIXEL = 4
"""Pixels of the image along a pixel of the coarse level."""


@dataclass(frozen=True)
class RayTruth(TensorStruct):
    """What rays of one level should see."""

    pixels: Float[Tensor, "rays 2"]
    colors: Float[Tensor, "rays 3"]
    opacities: Float[Tensor, " rays"]
    """Share of the pixel that the person covers."""
    heatmaps: Float[Tensor, "rays 25"]
    known: Bool[Tensor, " 25"]
    """Keypoints that have a target."""
    surface: SurfacePixels | None
    """None where nothing is known of it, or no loss asks for it."""


@dataclass(frozen=True)
class Batch(TensorStruct):
    """Inputs and truth of one step."""

    sources: SourceViews
    target: TargetView
    fine: RayTruth
    coarse: RayTruth
    patch: int
    """Side of the square that the last fine rays form, row by row; 0 without one."""


@dataclass(frozen=True, kw_only=True)
class DrawConfig:
    """How steps are drawn."""

    sources: int = 3
    """Source views."""
    source_spread: int = 0
    """By how many the number of source views varies from step to step, up and down."""
    pool: int = 5
    """Nearest views among which the sources are drawn."""
    rays: int = 2048
    """Rays of the fine level."""
    coarse_rays: int = 512
    """Rays of the coarse level."""
    mask_share: float = 0.75
    """Share of the rays on the person and just around it; the rest is anywhere in its box."""
    keypoint_share: float = 0.2
    """Share of the rays, within `mask_share`, around keypoints: heatmaps are empty elsewhere."""
    outline_share: float = 0.0
    """Share of the rays, within `mask_share`, along the outline, where most of the error is."""
    sizes: tuple[float, float] = (180.0, 256.0)
    """Shortest and longest that the subject's larger side is shown (px), never enlarged."""
    gain: float = 0.2
    """How much colors are scaled at most, all views of a step alike."""
    sigma: float = 6.0
    """Width of the heatmaps' Gaussians (px at a height of 512)."""
    patch: int = 0
    """Side of a square of rays on the person (px), beside the others; 0 leaves it out."""
    with_surface: bool = False
    """Look parts, embedding and coordinates up."""


def nearest_views(moment: Moment, view: int) -> list[int]:
    """Order a moment's other views by the angle at the subject between them and a view."""
    centers = Rigid.from_matrix(moment.T_camera_world).inverse().transl
    rays = torch.nn.functional.normalize(centers - moment.box.mean(dim=0), dim=-1)
    order = (rays @ rays[view]).argsort(descending=True, stable=True).tolist()
    return [other for other in order if other != view]


def draw_batch(
    moment: Moment, config: DrawConfig, model: SmplModel, generator: torch.Generator
) -> Batch:
    """Draw a target view, its sources, and rays.

    Args:
        moment: at least two views.
        config: how to draw.
        model: the body model of the moment's body.
        generator: randomness, on the CPU.
    """
    view = int(torch.randint(len(moment), (1,), generator=generator))
    pool = nearest_views(moment, view)[: config.pool]
    chosen = torch.randperm(len(pool), generator=generator)[: draw_count(config, generator)]
    side, gain = draw_look(config, generator)
    share = share_for(moment, view, side)
    truth = shown(moment, view, share, gain)
    sources = source_views(moment, [pool[i] for i in chosen.tolist()], share, gain)
    target = shown_target(moment, view, share)
    fine = draw_pixels(truth, target, config.rays, config, generator)
    coarse = draw_pixels(truth, target, config.coarse_rays, config, generator)
    patch = min(config.patch, truth.camera.height, truth.camera.width)
    if patch:
        fine = torch.cat([fine, draw_patch(truth, patch, generator)])
    # Coarse rays pass through the centers of pixels four times as large.
    coarse = (coarse / COARSE_PIXEL).floor() * COARSE_PIXEL + COARSE_PIXEL / 2.0
    body_model = model if config.with_surface else None
    return Batch(
        sources=sources,
        target=target,
        fine=look_up(moment, truth, fine, 1, config.sigma, body_model),
        coarse=look_up(moment, truth, coarse, COARSE_PIXEL, config.sigma, body_model),
        patch=patch,
    )


def draw_count(config: DrawConfig, generator: torch.Generator) -> int:
    """Draw how many source views there are, all numbers within the spread alike."""
    if config.source_spread == 0:
        return config.sources
    fewest, most = config.sources - config.source_spread, config.sources + config.source_spread
    return int(torch.randint(fewest, most + 1, (), generator=generator))


def draw_look(config: DrawConfig, generator: torch.Generator) -> tuple[float, Float[Tensor, "3"]]:
    """Draw how long the subject's larger side is (px), and how colors are scaled."""
    low, high = config.sizes
    side = low + (high - low) * float(torch.rand((), generator=generator))
    return side, 1.0 + config.gain * (2.0 * torch.rand(3, generator=generator) - 1.0)


def draw_pixels(
    truth: Picture, target: TargetView, rays: int, config: DrawConfig, generator: torch.Generator
) -> Float[Tensor, "rays 2"]:
    """Draw pixel centers on the person, around its keypoints and anywhere in its box (px)."""
    candidates = box_pixels(target)
    column, row = candidates.long().unbind(dim=-1)
    radius = max(round(DILATION * truth.camera.height), 1)
    near = torch.nn.functional.max_pool2d(
        truth.layers[None, 3:], 2 * radius + 1, stride=1, padding=radius
    )[0, 0]
    thin = -torch.nn.functional.max_pool2d(
        -truth.layers[None, 3:], 2 * radius + 1, stride=1, padding=radius
    )[0, 0]
    is_near = near[row, column] > 0.5
    on_person = is_near.nonzero()[:, 0]
    on_outline = (is_near & (thin[row, column] < 0.5)).nonzero()[:, 0]
    known = truth.keypoints[truth.keypoints[:, 2] > 0, :2]
    around = round(rays * config.keypoint_share) if len(known) else 0
    along = round(rays * config.outline_share) if len(on_outline) else 0
    on_mask = max(round(rays * config.mask_share) - around - along, 0) if len(on_person) else 0
    drawn = []
    if around:
        picks = known[torch.randint(len(known), (around,), generator=generator)]
        spread = 2.0 * config.sigma * truth.camera.height / 512.0
        places = picks + spread * torch.randn(around, 2, generator=generator)
        limits = torch.tensor([truth.camera.width - 1.0, truth.camera.height - 1.0])
        drawn.append(places.floor().clamp_min(0.0).minimum(limits) + 0.5)
    if along:
        picks = torch.randint(len(on_outline), (along,), generator=generator)
        drawn.append(candidates[on_outline[picks]])
    if on_mask:
        picks = torch.randint(len(on_person), (on_mask,), generator=generator)
        drawn.append(candidates[on_person[picks]])
    rest = rays - around - along - on_mask
    drawn.append(candidates[torch.randint(len(candidates), (rest,), generator=generator)])
    return torch.cat(drawn)


def draw_patch(
    truth: Picture, side: int, generator: torch.Generator
) -> Float[Tensor, "side_side 2"]:
    """Draw a square of neighboring pixels around a pixel of the person, row by row (px)."""
    spots = truth.mask.nonzero().flip(-1)
    limits = torch.tensor([truth.camera.width - side, truth.camera.height - side])
    middle = limits // 2 + side // 2
    if len(spots):
        middle = spots[int(torch.randint(len(spots), (1,), generator=generator))]
    corner = (middle - side // 2).clamp_min(0).minimum(limits)
    v, u = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    return torch.stack([u, v], dim=-1).reshape(-1, 2) + corner + 0.5


def look_up(
    moment: Moment,
    truth: Picture,
    pixels: Float[Tensor, "rays 2"],
    pixel_size: int,
    sigma: float,
    model: SmplModel | None,
) -> RayTruth:
    """Read what rays through some pixels should see.

    Args:
        moment: whose body is looked up.
        truth: the target's picture.
        pixels: positions (px).
        pixel_size: pixels along a pixel of the level that is supervised; colors are means over it.
        sigma: width of the heatmaps' Gaussians (px at a height of 512).
        model: body model, to look the surface up; None leaves it out.
    """
    camera, layers = truth.camera, truth.layers
    height, width = camera.height, camera.width
    if pixel_size > 1:
        spare = (-width % pixel_size, -height % pixel_size)
        layers = torch.nn.functional.pad(layers, (0, spare[0], 0, spare[1]))
        height, width = height + spare[1], width + spare[0]
        layers = torch.nn.functional.avg_pool2d(layers, pixel_size)
    seen = sample_at_pixels(layers, pixels, (height, width))
    heatmaps, known = heatmaps_at(pixels, truth.keypoints, sigma * camera.height / 512.0)
    surface = None
    if model is not None and truth.surface is not None:
        surface = truth.surface.at(pixels, (camera.height, camera.width))
    elif model is not None and moment.body is not None:
        surface = surface_at(moment.body, model, camera, truth.T_camera_world, moment.box, pixels)
    return RayTruth(pixels, seen[:, :3], seen[:, 3], heatmaps, known, surface)
