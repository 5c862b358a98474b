"""Stopping on the first number that is none, with the place where it arose."""

import math
from collections.abc import Iterable, Mapping

from torch import Tensor

from neuhmr.errors import NonFiniteError


def require_finite_terms(values: Mapping[str, float], frames: Iterable[int]) -> None:
    """Check the values of named terms.

    Raises:
        NonFiniteError: names the first term that is not finite, and the video frames it is of.
    """
    for name, value in values.items():
        if not math.isfinite(value):
            raise _non_finite(f"The {name} term", frames)


def require_finite_gradient(gradients: Iterable[Tensor], name: str, frames: Iterable[int]) -> None:
    """Check the gradient of a named term.

    Raises:
        NonFiniteError: names the term and the video frames it is of.
    """
    if not all(bool(gradient.isfinite().all()) for gradient in gradients):
        raise _non_finite(f"The gradient of the {name} term", frames)


def require_finite_features(features: Tensor, frame: int) -> None:
    """Check one encoded frame.

    Raises:
        NonFiniteError: names the video frame.
    """
    if not bool(features.isfinite().all()):
        raise NonFiniteError(
            f"The features of frame {frame} are not finite numbers, so the joint term cannot be "
            "computed there; look at that frame's image and mask, or mark the frame as invalid."
        )


def _non_finite(what: str, frames: Iterable[int]) -> NonFiniteError:
    numbers = sorted(frames)
    where = f"frame {numbers[0]}"
    if len(numbers) > 1:
        where = f"one of the frames {', '.join(str(n) for n in numbers[:12])}"
    return NonFiniteError(
        f"{what} is not a finite number at {where}; refinement stopped and keeps the last good "
        "poses. Look at that frame's image, mask and pose, or mark it as invalid and go on."
    )
