"""Everything refinement can be told, and the named settings.

`paper` is NeuHMR section 4.3 to the letter. `fast` is what moves poses in two seconds a frame on
two CPU cores: a draft without rendering, terms balanced by the gradients they really have, a small
field with a rate that reaches the pose, rays thinned out, and priors on what no image can tell.
`quality` does the same for longer. What each setting is worth was measured: docs/refinement.md.
"""

from dataclasses import dataclass, field, replace
from typing import Literal, assert_never

from neuhmr.anchors.selection import AnchorConfig
from neuhmr.anchors.visibility import DEPTH_TOLERANCE
from neuhmr.refine.draft.draft_config import DraftConfig

USUAL_RATE = 30.0
"""Frames a second that settings are meant for; see `RefineConfig.at_rate`."""


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """Lambda of each term.

    With `BalanceConfig.enabled`, `rgb`, `geo`, `joint` and `keypoint` are relative to the size of
    each term's gradient at the start, so 1 : 1 : 1 : 1 gives all four the same say; otherwise they
    multiply the raw terms.
    """

    rgb: float = 1.0
    """Color difference. Low unless the avatar re-renders its own anchors well."""
    geo: float = 1.0
    """Silhouette against mask."""
    joint: float = 0.05
    """Distance to the matched joints. Low, because descriptors registered at wrong poses match a
    joint no better than a draft places it."""
    keypoint: float = 0.0
    """Distance to the keypoints that heatmaps find in the frame. At 0 none are looked for."""
    regularizer: float = 0.001
    """Rotations beyond 45 degrees at head, hands and feet (rad^2)."""
    acceleration: float = 100.0
    """Acceleration of the joints in camera space (m^2 per frame^4)."""
    prior: float = 0.2
    """Angle of the residual rotations (rad^2)."""
    plausibility: float = 0.5
    """Deviation from likely poses, about 1 for a likely pose; needs a draft, which knows what is
    up."""
    floor: float = 0.07
    """Distance of the lowest point from the floor (squared standard deviations); needs a draft."""
    root_depth: float = 100.0
    """Departure of the pelvis' depth from where it started (m^2)."""


@dataclass(frozen=True, kw_only=True)
class BalanceConfig:
    """Makes the image terms comparable before they are weighed.

    Printed weights make the silhouette term some hundred times weaker than the others.
    """

    enabled: bool = True
    num_frames: int = 8
    """Frames over which gradients are measured at the start, evenly spread."""
    reference: float = 1.5
    """Gradient norm on the rotations of one frame that a weight of 1 stands for."""
    limit: float = 5.0
    """Measured norms count as at most so many times, or at least a so-manieth of, typical ones."""


@dataclass(frozen=True, kw_only=True)
class RobustConfig:
    """Where errors stop counting more the larger they are (Geman-McClure)."""

    rgb_scale: float = 0.1
    """Color difference in [0, 1]; 0 for plain squares."""
    joint_scale_px: float = 10.0
    """Distance of a joint to its match, and of a keypoint to where it was found (px); 0 for plain
    squares."""


@dataclass(frozen=True, kw_only=True)
class MatchingConfig:
    """How the frame is searched for the registered joints."""

    search: Literal["gaussian", "grid"] = "gaussian"
    """Random samples as in NeuHMR, or every pixel of a disk of three sigma: no randomness."""
    sigma_px: float = 4.0
    """Spread of the candidates around the projected joint (px)."""
    num_samples: int = 128
    """Random candidates per joint; the current location is always one more."""
    epsilon: float = DEPTH_TOLERANCE
    """Depth tolerance of the occlusion test (m; NeuHMR Eq. 8)."""
    least_similarity: float = 0.5
    """Cosine a match must exceed."""
    least_gain: float = 0.0
    """Cosine a match must gain over the current location."""
    match_occluded: bool = False
    """Also match joints that the body itself hides; what hides them will attract them."""


@dataclass(frozen=True, kw_only=True)
class FieldConfig:
    """The motion field: a small network from time to residual pose (NeuHMR Eq. 10)."""

    width: int = 256
    """Width of the hidden layers."""
    num_centers: int = 6
    """Least number of radial basis functions over the clip."""
    frames_per_center: float = 6.0
    """One center for so many frames; 0 keeps `num_centers` for any length. Corrections of drafts
    change slowly."""
    kernel: Literal["gaussian_local", "nemo_quadratic"] = "gaussian_local"
    """A Gaussian one center spacing wide, or NeMo's published kernel, which sees no detail."""
    bandwidth_spacings: float = 1.0
    """Standard deviation of the Gaussian, in center spacings."""


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig:
    """How long, how fast, how finely."""

    epochs: int = 6
    """Times every frame is visited."""
    frames_per_step: int = 8
    """Frames whose gradients are added up before the field moves."""
    root_epochs: int = 0
    """First epochs in which only root rotation and translation move."""
    learning_rate: float = 1e-3
    final_learning_rate: float = 1e-4
    """Reached at the last step along a cosine."""
    weight_decay: float = 1e-4
    stride: int = 3
    """Rays are cast at every so many pixels of each axis, with a new random offset each time."""
    fine_epochs: int = 1
    """Last epochs, with rays at every `fine_stride`-th pixel."""
    fine_stride: int = 2
    chunk_rays: int = 12000
    """More rays than this are rendered twice, in chunks, so that memory stays flat."""
    gradient_norm_interval: int = 10
    """Steps between measurements of each term's gradient; they cost a second backward pass."""


@dataclass(frozen=True, kw_only=True)
class RefineConfig:
    """All settings of one refinement."""

    name: str = "fast"
    draft: DraftConfig = field(default_factory=DraftConfig)
    weights: LossWeights = field(default_factory=LossWeights)
    balance: BalanceConfig = field(default_factory=BalanceConfig)
    robust: RobustConfig = field(default_factory=RobustConfig)
    matching: MatchingConfig = field(default_factory=MatchingConfig)
    motion_field: FieldConfig = field(default_factory=FieldConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    anchors: AnchorConfig = field(default_factory=AnchorConfig)
    seed: int = 0
    """Of every random number: frame order, candidates, ray offsets, the field's first weights."""

    def at_rate(self, fps: float) -> "RefineConfig":
        """Adapt whatever counts frames or moves per frame, which is meant for 30 a second.

        People move six times as far between the frames of a clip of 5 a second; what is smooth
        there would be a blur at 30.
        """
        ratio = fps / USUAL_RATE
        acceleration = self.weights.acceleration * ratio**4
        field = self.motion_field
        if field.frames_per_center > 0.0:
            field = replace(field, frames_per_center=max(1.0, field.frames_per_center * ratio))
        return replace(
            self,
            draft=self.draft.at_rate(ratio),
            weights=replace(self.weights, acceleration=acceleration),
            motion_field=field,
        )


@dataclass(frozen=True, kw_only=True)
class LiveSettings:
    """What may change between two steps; None leaves the configured value."""

    weights: LossWeights | None = None
    matching: MatchingConfig | None = None
    learning_rate: float | None = None
    """Replaces the initial rate; the cosine goes on from where it is."""

    def applied_to(self, config: RefineConfig) -> RefineConfig:
        """Make the configuration that a step with these settings runs under."""
        schedule = config.schedule
        if self.learning_rate is not None:
            scale = self.learning_rate / schedule.learning_rate
            schedule = replace(
                schedule,
                learning_rate=self.learning_rate,
                final_learning_rate=schedule.final_learning_rate * scale,
            )
        return replace(
            config,
            weights=self.weights or config.weights,
            matching=self.matching or config.matching,
            schedule=schedule,
        )


PresetName = Literal["fast", "quality", "paper"]


def preset(name: PresetName) -> RefineConfig:
    """Look up a named configuration."""
    match name:
        case "fast":
            return RefineConfig()
        case "quality":
            return _quality()
        case "paper":
            return _paper()
        case _:
            assert_never(name)


def _quality() -> RefineConfig:
    """Longer descents and finer rays than `fast`, for some four to five times its time."""
    fast = RefineConfig()
    return replace(
        fast,
        name="quality",
        draft=replace(fast.draft, steps=300),
        schedule=replace(fast.schedule, epochs=12, stride=2, fine_epochs=2, fine_stride=1),
    )


def _paper() -> RefineConfig:
    """Settings of NeuHMR section 4.3.

    Its learning rate reaches the pose only with a wide field, one frame a step and thousands of
    steps (long clips); on a short clip the result stays close to the initial poses.
    """
    return RefineConfig(
        name="paper",
        draft=DraftConfig(steps=0),
        weights=LossWeights(
            rgb=2.5, geo=0.001, joint=0.003, regularizer=0.001, acceleration=0.0, prior=0.0,
            plausibility=0.0, floor=0.0, root_depth=0.0,
        ),
        balance=BalanceConfig(enabled=False),
        robust=RobustConfig(rgb_scale=0.0, joint_scale_px=0.0),
        matching=MatchingConfig(search="gaussian", sigma_px=4.0, num_samples=128, epsilon=0.2),
        motion_field=FieldConfig(width=1000, num_centers=100, frames_per_center=0.0),
        schedule=ScheduleConfig(
            epochs=5,
            frames_per_step=1,
            root_epochs=0,
            learning_rate=1e-6,
            final_learning_rate=1e-7,
            weight_decay=1e-2,
            stride=1,
            fine_epochs=0,
            fine_stride=1,
        ),
        anchors=AnchorConfig(frames_per_anchor=10, most_anchors=1_000_000),
    )  # fmt: skip
