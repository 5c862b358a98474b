"""What one step of refinement reports."""

from dataclasses import dataclass

from neuhmr.body.motion import Motion


@dataclass(frozen=True)
class RefineSnapshot:
    """State after one step; cheap enough to make at every step."""

    step: int
    """Steps done so far; the first snapshot has 1."""
    total_steps: int
    epoch: int
    """Epoch this step belongs to, from 0."""
    rows: tuple[int, ...]
    """Frame rows whose images this step compared."""
    terms: dict[str, float]
    """Unweighted terms, averaged over `rows`, before the step moved the poses."""
    weighted: dict[str, float]
    """The same times their effective weights; their sum is the objective."""
    gradient_norms: dict[str, float]
    """Length of each unweighted term's gradient on one frame's rotations, when last measured."""
    accepted_matches: float
    """Share of joints whose match was believed, in [0, 1]."""
    residual_angle_deg: float
    """Mean angle of the residual rotations of `rows` (degrees)."""
    learning_rate: float
    motion: Motion
    """All frames, detached. In clips of more than 512 frames, rows outside this step may lag
    behind by less than an epoch; `Refiner.motion` never does."""
