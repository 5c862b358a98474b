"""What is found in files of masks, before anybody asks for one person."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

MOST_PIXELS = 100_000_000
"""Of one mask; the largest sensors of cameras that film."""


class UnusableMasks(ValueError):
    """Masks that lack something; the message completes "it ..."."""


Draw = Callable[[], Bool[np.ndarray, "height width"]]
"""Makes one mask when it is needed."""


@dataclass(frozen=True, kw_only=True)
class FoundMasks:
    """Everybody's masks, drawn one by one."""

    tool: str
    objects: Mapping[str, Mapping[int, Draw]]
    """Object id: frame: its mask."""
    frames_counted: int | None = None
    """How many frames there are, where they are listed without numbers."""
    may_count_from_1: bool = False
    """True where frames are numbered by files' names, which often begin with 1."""
    remarks: tuple[str, ...] = ()
