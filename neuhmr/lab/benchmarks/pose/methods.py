"""The methods a benchmark compares, by name."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal, get_args

from neuhmr.errors import NeuhmrError
from neuhmr.lab.benchmarks.pose.keypoint_field import KeypointFieldConfig
from neuhmr.lab.benchmarks.pose.smplify import SmplifyConfig
from neuhmr.refine.settings import PresetName, RefineConfig, preset

PRESETS: tuple[PresetName, ...] = get_args(PresetName)
SMPLIFY, NEMO = "smplify", "nemo"
KEYPOINT_METHODS: tuple[str, ...] = (SMPLIFY, NEMO)
METHODS: tuple[str, ...] = (*PRESETS, *KEYPOINT_METHODS)
"""Presets, and what else a user could do; "initial" is always there."""
ABLATED: PresetName = "fast"
"""The preset whose terms are taken away one by one, if no other one is named."""


@dataclass(frozen=True, kw_only=True)
class Refinement:
    """Refinement by rendering, with one configuration."""

    name: str
    config: RefineConfig
    features: Literal["registered", "rendered"] = "registered"
    """Where joints' features come from: anchors, or each frame's own rendering."""


@dataclass(frozen=True, kw_only=True)
class KeypointFit:
    """A fit to a detector's 2D keypoints."""

    name: str
    config: SmplifyConfig | KeypointFieldConfig


Method = Refinement | KeypointFit


def make_method(name: str, epochs: int | None = None) -> Method:
    """Look up a method.

    Args:
        name: one of `METHODS`.
        epochs: times refinement visits every frame; None for the preset's own number.

    Raises:
        NeuhmrError: there is no such method.
    """
    if name in PRESETS:
        return Refinement(name=name, config=shortened(preset(name), epochs))  # pyright: ignore[reportArgumentType]
    if name == SMPLIFY:
        return KeypointFit(name=name, config=SmplifyConfig())
    if name == NEMO:
        return KeypointFit(name=name, config=KeypointFieldConfig(base=preset(ABLATED)))
    raise NeuhmrError(
        f'There is no method "{name}"; give --methods one or more of {", ".join(METHODS)}.'
    )


def ablations(name: PresetName = ABLATED, epochs: int | None = None) -> tuple[Refinement, ...]:
    """Take one constraint after the other away from a preset (our version of NeuHMR's Table 4)."""
    base = shortened(preset(name), epochs)

    def without(term: str) -> RefineConfig:
        return replace(base, weights=replace(base.weights, **{term: 0.0}))

    return (
        Refinement(name=name, config=base),
        Refinement(name=f"{name} without L_rgb", config=without("rgb")),
        Refinement(name=f"{name} without L_geo", config=without("geo")),
        Refinement(name=f"{name} without L_joint", config=without("joint")),
        Refinement(name=f"{name} without registered features", config=base, features="rendered"),
    )


def all_ablations(methods: Sequence[str], epochs: int | None = None) -> tuple[Refinement, ...]:
    """Take constraints away from every preset among the methods."""
    presets: list[PresetName] = [name for name in PRESETS if name in methods]
    return tuple(found for name in presets for found in ablations(name, epochs))


def shortened(config: RefineConfig, epochs: int | None) -> RefineConfig:
    """Set the number of epochs, for trying things out."""
    if epochs is None:
        return config
    return replace(config, schedule=replace(config.schedule, epochs=epochs))


def settings(method: Method) -> dict[str, object]:
    """What a method's results depend on besides the clip, for a result's name and for reports.

    The name is left out: an ablation's complete row is the preset itself.
    """
    found: dict[str, object] = {"config": asdict(method.config)}
    if isinstance(method, Refinement):
        found["features"] = method.features
    return {"kind": type(method.config).__name__} | found
