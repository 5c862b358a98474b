"""What a session file says: settings by their names in the table, scope, view, losses."""

import math
from dataclasses import replace
from typing import Any

from neuhmr.refine.scope import Scope
from neuhmr.refine.settings import RefineConfig, with_values
from neuhmr.refine.settings.table import values_of
from workbench.core.session import LossPoint, SessionState
from workbench.core.view_state import SHOWN_CHOICES, ViewState

VERSION = 2
_MAX_LOSSES = 2000
_FIRST_NAMES = {
    "lambda_rgb": "weights.rgb",
    "lambda_geo": "weights.geo",
    "lambda_joint": "weights.joint",
    "lambda_keypoint": "weights.keypoint",
    "sigma_px": "matching.sigma_px",
    "num_candidates": "matching.num_samples",
    "epsilon_m": "matching.epsilon",
    "learning_rate": "schedule.learning_rate",
}
"""What version 1 called the settings that it kept."""


def session_content(state: SessionState, begun_with: RefineConfig) -> dict[str, Any]:
    """Write a session that has refined poses as plain values.

    Args:
        state: the session.
        begun_with: settings that its optimizer began with.
    """
    assert state.report is not None and state.config is not None
    stride = max(1, -(-len(state.losses) // _MAX_LOSSES))
    return {
        "version": VERSION,
        "step": state.report.step,
        "total_steps": state.report.total_steps,
        "preset": state.config.name,
        "settings": values_of(state.config),
        "begun_with": values_of(begun_with),
        "scope": state.scope.plain(),
        "includes": sorted(state.includes),
        "excludes": sorted(state.excludes),
        "view": {"frame": state.view.frame, "shown": state.view.shown, "joint": state.view.joint},
        "losses": [[point.step, dict(point.terms)] for point in state.losses[::stride]],
    }


def read_session(state: SessionState, data: dict[str, Any]) -> tuple[SessionState, RefineConfig]:
    """Read a saved session of this version or of version 1.

    Returns:
        The state with what was saved, and the settings that its optimizer began with.

    Raises:
        ValueError: another version, or a value that cannot be.
        NeuhmrError: a setting that is not known, or has a value that it cannot have.
        KeyError: something is missing.
        TypeError: something is of another kind.
    """
    config, begun_with, scope = _settings_in(data, state.config or RefineConfig())
    view = data["view"]
    if view["shown"] not in SHOWN_CHOICES:
        raise ValueError(f"shown is {view['shown']!r}")
    frames = range(state.num_frames)
    restored = replace(
        state,
        config=config,
        scope=scope,
        includes=frozenset(int(f) for f in data["includes"] if int(f) in frames),
        excludes=frozenset(int(f) for f in data["excludes"] if int(f) in frames),
        losses=tuple(
            LossPoint(step=int(step), terms=tuple((str(n), _finite(v)) for n, v in terms.items()))
            for step, terms in data["losses"]
        ),
        phase="paused",
        view=ViewState(
            frame=min(max(int(view["frame"]), 0), max(state.num_frames - 1, 0)),
            shown=view["shown"],
            joint=min(max(int(view["joint"]), 0), 23),
        ),
    )
    return restored, begun_with


def _settings_in(
    data: dict[str, Any], default: RefineConfig
) -> tuple[RefineConfig, RefineConfig, Scope]:
    """Read the settings, those that the optimizer began with, and the scope."""
    if data["version"] == 1:
        values = {_FIRST_NAMES[name]: value for name, value in data["settings"].items()}
        return with_values(default, values), default, Scope()
    if data["version"] != VERSION:
        raise ValueError(f"version {data['version']}, {VERSION} was expected")
    base = replace(default, name=str(data["preset"]))
    config = with_values(base, data["settings"])
    return config, with_values(base, data["begun_with"]), _read_scope(data["scope"])


def _read_scope(saved: dict[str, Any]) -> Scope:
    def number(name: str) -> int | None:
        return None if saved[name] is None else int(saved[name])

    return Scope(
        first=number("first"),
        last=number("last"),
        locked_frames=frozenset(int(frame) for frame in saved["locked_frames"]),
        locked_joints=frozenset(int(joint) for joint in saved["locked_joints"] if 0 <= joint < 24),
        lock_translation=bool(saved["lock_translation"]),
    )


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("a number is not finite")
    return number
