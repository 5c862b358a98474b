"""Configurations of GHNeRF and of the ENeRF that it extends."""

import json
from dataclasses import dataclass
from typing import Any, Literal

HumanEncoderName = Literal["none", "resnet18", "resnet34", "dino_vits8"]
HumanPoolingName = Literal["agg64", "agg16", "mean"]
FeatureKind = Literal["heatmaps", "parts", "embedding"]
GhnerfRow = Literal["enerf", "enerf_heatmap", "ghnerf_resnet18", "ghnerf_resnet34", "ghnerf_dino"]


@dataclass(frozen=True, kw_only=True)
class FeatureHead:
    """One kind of human feature that is rendered beside the color."""

    kind: FeatureKind = "heatmaps"
    """Heatmaps are in [0, 1]; parts are logits and embeddings are any number."""
    channels: int = 25
    """Joints, parts, or numbers of the embedding."""


@dataclass(frozen=True, kw_only=True)
class LevelConfig:
    """Sampling of one of the two levels of the cascade."""

    planes: int
    """Planes of the cost volume; a multiple of 4 (coarse) or 8 (fine)."""
    samples: int
    """Samples per ray within the depth range."""


@dataclass(frozen=True, kw_only=True)
class GhnerfConfig:
    """Shape of the network and of its sampling."""

    human_encoder: HumanEncoderName = "resnet18"
    """What the human features h come from; none is the paper's ENeRF with a heatmap branch."""
    pretrained: bool = False
    """Start the human encoder from published weights, which are downloaded."""
    fine_tuned: bool = True
    """Train the human encoder with the rest; False freezes it."""
    human_channels: int = 64
    """Channels of h in each view, before views are pooled."""
    human_pooling: HumanPoolingName = "agg64"
    """How views agree on h: learned weights, ENeRF's own 16-channel pooling, or the mean."""
    feature_heads: tuple[FeatureHead, ...] = (FeatureHead(),)
    """What is rendered beside the color, in the order of the channels; empty is plain ENeRF."""
    coordinate_head: bool = False
    """Also predict where in the subject's box a sample lies (the paper's supplement)."""
    detach_sigma: bool = False
    """Keep the feature losses from changing the density."""
    feature_threshold: float = 1e-3
    """Samples that weigh less in their pixel get no features where no gradient is kept."""
    coarse: LevelConfig = LevelConfig(planes=32, samples=8)
    """Depth of the whole box."""
    fine: LevelConfig = LevelConfig(planes=8, samples=4)
    """Depth around the coarse surface, at half the resolution."""
    hull: bool = False
    """Also tell both volumes how many views see nothing there. ENeRF only compares features, and
    views agree on black as well as on a surface."""
    coarse_pixel: int = 8
    """Pixels of the target along a column of the coarse volume: 8 (ENeRF, whose people are some
    300 px tall) or 4, for arms of people half as tall to be more than a column wide."""

    def __post_init__(self) -> None:
        for name, level, multiple in (("coarse", self.coarse, 4), ("fine", self.fine, 8)):
            if level.planes < multiple or level.planes % multiple or level.samples < 1:
                raise ValueError(
                    f"{name} needs planes in multiples of {multiple} and at least one sample, got "
                    f"{level.planes} and {level.samples}"
                )
        if self.coarse_pixel not in (4, 8):
            raise ValueError(f"coarse_pixel must be 4 or 8, got {self.coarse_pixel}")

    @property
    def channels(self) -> int:
        """Number of rendered feature channels."""
        return sum(head.channels for head in self.feature_heads)

    @property
    def uses_heads(self) -> bool:
        """Whether anything beside the color is predicted."""
        return bool(self.feature_heads) or self.coordinate_head

    def feature_slice(self, kind: FeatureKind) -> slice:
        """Say which of the rendered channels belong to a kind of feature.

        Raises:
            ValueError: no head of this kind is configured.
        """
        start = 0
        for head in self.feature_heads:
            if head.kind == kind:
                return slice(start, start + head.channels)
            start += head.channels
        raise ValueError(f"kind must be one of the configured heads, got {kind!r}")


def config_from_json(text: str) -> GhnerfConfig:
    """Read a configuration back that lies beside weights: nothing is to be downloaded for it.

    Raises:
        KeyError, TypeError, ValueError: the text is no configuration of this version.
    """
    fields: dict[str, Any] = json.loads(text)
    fields["feature_heads"] = tuple(FeatureHead(**head) for head in fields["feature_heads"])
    for level in ("coarse", "fine"):
        fields[level] = LevelConfig(**fields[level])
    fields["pretrained"] = False
    return GhnerfConfig(**fields)


def ghnerf_preset(row: GhnerfRow, joints: int = 25) -> GhnerfConfig:
    """Make the configuration of a row of the paper's Tables 1 and 5, its encoder not yet trained.

    Args:
        row: which method.
        joints: heatmaps.
    """
    heads = (FeatureHead(kind="heatmaps", channels=joints),)
    match row:
        case "enerf":
            return GhnerfConfig(human_encoder="none", feature_heads=())
        case "enerf_heatmap":
            return GhnerfConfig(human_encoder="none", feature_heads=heads)
        case "ghnerf_resnet18":
            return GhnerfConfig(human_encoder="resnet18", feature_heads=heads)
        case "ghnerf_resnet34":
            return GhnerfConfig(human_encoder="resnet34", feature_heads=heads)
        case "ghnerf_dino":
            return GhnerfConfig(human_encoder="dino_vits8", feature_heads=heads)
