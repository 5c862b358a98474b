"""Drawing a stage of any kind."""

import numpy as np

from neuhmr.lab.people.splits import Split, kinds_of
from neuhmr.lab.people.stage.outdoors import outdoor_stage
from neuhmr.lab.people.stage.rooms import furnished_room, hall, studio
from neuhmr.lab.people.stage.stage import STAGE_KINDS, Stage, StageKind

_SHARES: dict[StageKind, float] = {
    "room": 0.40, "studio": 0.16, "street": 0.22, "park": 0.22, "hall": 0.3, "meadow": 0.3,
}  # fmt: skip


def sample_stage(rng: np.random.Generator, split: Split = "test") -> Stage:
    """Draw one of the stages that a split's people are filmed on."""
    kinds = kinds_of(split, STAGE_KINDS)
    shares = np.array([_SHARES[kind] for kind in kinds])
    return make_stage(kinds[int(rng.choice(len(kinds), p=shares / shares.sum()))], rng)


def make_stage(kind: StageKind, rng: np.random.Generator) -> Stage:
    """Draw a stage of one kind."""
    match kind:
        case "room":
            return furnished_room(rng)
        case "studio":
            return studio(rng)
        case "hall":
            return hall(rng)
        case "street" | "park" | "meadow":
            return outdoor_stage(rng, kind)
