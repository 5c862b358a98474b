"""What of GHNeRF is trained, on what, and how."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from neuhmr.ghnerf.network.checkpoint import load_ghnerf
from neuhmr.ghnerf.network.config import FeatureHead, GhnerfConfig, GhnerfRow, ghnerf_preset
from neuhmr.lab.moments.surface_truth import EMBEDDING_CHANNELS, NUM_PARTS
from neuhmr.lab.training.ghnerf.batches import DrawConfig
from neuhmr.lab.training.ghnerf.losses import GhnerfLossWeights
from neuhmr.lab.training.run_config import RunConfig

GhnerfTargets = Literal["heatmaps", "parts", "embedding", "all"]

ROWS: dict[str, GhnerfRow] = {
    "ENeRF": "enerf",
    "ENeRF+heatmap": "enerf_heatmap",
    "GHNeRF+ResNet18": "ghnerf_resnet18",
    "GHNeRF+ResNet34": "ghnerf_resnet34",
    "GHNeRF+DINO": "ghnerf_dino",
}
"""The paper's names of its methods."""

PATCH = 64
"""Side of the patches that VGG compares (px), as in ENeRF."""

FEATURE_HEADS: dict[str, FeatureHead] = {
    "heatmaps": FeatureHead(kind="heatmaps", channels=25),
    "parts": FeatureHead(kind="parts", channels=NUM_PARTS),
    "embedding": FeatureHead(kind="embedding", channels=EMBEDDING_CHANNELS),
}
"""What can be learnt, by kind."""


@dataclass(frozen=True, kw_only=True)
class GhnerfTrainingConfig(RunConfig):
    """How GHNeRF is trained; defaults as in the paper where it says."""

    row: GhnerfRow = "ghnerf_resnet18"
    """Which of the paper's methods."""
    targets: GhnerfTargets = "heatmaps"
    """What is rendered beside the color, where the method renders anything."""
    coordinates: bool = False
    """Also predict where in its box a point lies (the paper's supplement)."""
    fixed_norms: bool = False
    """Batch norms keep the statistics they begin with: for the last steps of a training."""
    hull: bool = False
    """Tell volumes how many views see nothing there."""
    coarse_pixel: int = 8
    """Pixels along a column of the coarse volume, 8 or 4."""
    pretrained: bool = False
    """Start the human encoder from published weights, which are downloaded."""
    frozen: bool = False
    """The human encoder's backbone keeps the weights it begins with (the paper's "Pre"); else it
    learns with the rest ("Fine")."""
    encoder: Path | None = None
    """The human encoder's own weights, from training on single pictures; used after `start`."""
    steps: int = 200_000
    """Optimization steps."""
    learning_rate: float = 5e-4
    """Initial rate of Adam."""
    encoder_learning_rate: float | None = None
    """Initial rate of the human encoder's backbone; None is `learning_rate` for a random one, and
    1e-4 (ResNet) or 1e-5 (DINO) for one that was trained before, `start`'s too."""
    halve_every: int = 50_000
    """Steps over which the rates fall by half, smoothly."""
    teacher: str = "truth"
    """Where human features to learn come from: `truth` (or the capture's annotations), keypoints of
    `mediapipe`, or a folder of other networks' maps."""
    draw: DrawConfig = field(default_factory=DrawConfig)
    """Views, rays and sizes of a step."""
    weights: GhnerfLossWeights = field(default_factory=GhnerfLossWeights)
    """Weights of the losses."""
    vgg: Path | None = None
    """torchvision's VGG-16 weights (vgg16-*.pth) for the perceptual term; off if None."""
    val_moments: int = 8
    """Moments validated on."""
    devices: int = 1
    """GPUs, or processes on a CPU; more than one need lightning."""


def network_config(config: GhnerfTrainingConfig) -> GhnerfConfig:
    """Make the configuration of the network that is to be trained."""
    network = replace(
        ghnerf_preset(config.row),
        pretrained=config.pretrained,
        fine_tuned=not config.frozen,
        hull=config.hull,
        coarse_pixel=config.coarse_pixel,
    )
    if not network.feature_heads:
        return network
    kinds = ("heatmaps", "parts", "embedding") if config.targets == "all" else (config.targets,)
    heads = tuple(FEATURE_HEADS[kind] for kind in kinds)
    return replace(network, feature_heads=heads, coordinate_head=config.coordinates)


def draw_config(config: GhnerfTrainingConfig) -> DrawConfig:
    """Say how to draw steps: body surface and patches only where a loss asks for them."""
    network = network_config(config)
    kinds = {head.kind for head in network.feature_heads}
    needs_surface = bool(kinds - {"heatmaps"}) or network.coordinate_head
    patch = PATCH if config.vgg is not None and not config.draw.patch else config.draw.patch
    return replace(config.draw, with_surface=needs_surface, patch=patch)


def learning_rate_at(step: int, rate: float, halve_every: int) -> float:
    """Halve a rate smoothly every so many steps."""
    return rate * 0.5 ** (step / halve_every)


def encoder_rate(config: GhnerfTrainingConfig) -> float:
    """Choose the initial rate of the human encoder's backbone.

    Raises:
        CheckpointError: the weights to start from cannot be read.
    """
    if config.encoder_learning_rate is not None:
        return config.encoder_learning_rate
    is_trained = config.pretrained or config.encoder is not None
    if config.start is not None and not is_trained:
        is_trained = load_ghnerf(config.start).human_encoder is not None
    if not is_trained:
        return config.learning_rate
    return 1e-5 if config.row == "ghnerf_dino" else 1e-4
