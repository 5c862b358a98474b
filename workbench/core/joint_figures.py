"""How far each joint is off in the shown frame, for the list, the skeleton and the eye."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from neuhmr.body.motion import Motion
from workbench.core.identity import SameObjects
from workbench.core.session import SessionState
from workbench.engine.interface import Footage


@dataclass(frozen=True, eq=False)
class JointFigures:
    """One number per joint (mm), the pelvis laid together."""

    meaning: str
    """In the user's words."""
    before: Float[np.ndarray, " joints"] | None
    """Of the initial pose against the truth; None without truth."""
    after: Float[np.ndarray, " joints"] | None
    """Of the refined pose against the truth, or how far it moved; None before refinement."""

    @property
    def newest(self) -> Float[np.ndarray, " joints"] | None:
        """What colors the skeleton."""
        return self.before if self.after is None else self.after


NO_FIGURES = JointFigures("", None, None)


class JointRuler:
    """Measures the shown frame; keeps the newest answer, as several parts of the window ask."""

    def __init__(self) -> None:
        self._key = SameObjects()
        self._figures = NO_FIGURES

    def measure(self, state: SessionState) -> JointFigures:
        """Measure the joints of the shown frame."""
        key = SameObjects(state.footage, state.initial, state.refined, state.view.frame)
        if key != self._key:
            self._key, self._figures = key, joint_figures(state)
        return self._figures


def joint_figures(state: SessionState) -> JointFigures:
    """Compare the shown frame's joints with the truth; where there is none, with the initial."""
    footage, frame = state.footage, state.view.frame
    if footage is None:
        return NO_FIGURES
    before, after = (_joints(footage, m, frame) for m in (state.initial, state.refined))
    truth = _joints(footage, footage.truth, frame)
    if truth is None:
        return JointFigures("moved by refinement (mm)", None, _distances_mm(after, before))
    return JointFigures(
        "error against the truth (mm)", _distances_mm(before, truth), _distances_mm(after, truth)
    )


def _joints(
    footage: Footage, motion: Motion | None, frame: int
) -> Float[np.ndarray, "joints 3"] | None:
    """Place the joints relative to the pelvis (m); None where nobody was seen."""
    posed = None if motion is None else footage.pose(motion, frame)
    return None if posed is None else posed.joints - posed.joints[:1]


def _distances_mm(
    joints: Float[np.ndarray, "joints 3"] | None, others: Float[np.ndarray, "joints 3"] | None
) -> Float[np.ndarray, " joints"] | None:
    if joints is None or others is None:
        return None
    return 1000.0 * np.linalg.norm(joints - others, axis=-1)
