"""What a session file says: settings by their names in the table, scope, view, losses."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar, get_args

from neuhmr.body.skeleton import NUM_JOINTS
from neuhmr.refine.scope import Scope
from neuhmr.refine.settings import SETTINGS, PresetName, RefineConfig, with_values
from neuhmr.refine.settings.table import Setting, values_of
from workbench.core.session import LossPoint, SessionState
from workbench.core.view_state import SHOWN_CHOICES, ViewState
from workbench.errors import WorkbenchError

VERSION = 3
SLOTS = ("", "-2")
"""What is added to names of poses and optimizers; earlier versions had one of each."""
_MAX_LOSSES = 2000
_MOST_STEPS = 10**9
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
_KINDS = {dict: "named entries", list: "a list", str: "a text", bool: "true or false"}
_Kind = TypeVar("_Kind")


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
        "masks": "" if state.footage is None else state.footage.masks_digest,
        "includes": sorted(state.includes),
        "excludes": sorted(state.excludes),
        "view": {"frame": state.view.frame, "shown": state.view.shown, "joint": state.view.joint},
        "losses": [[point.step, dict(point.terms)] for point in state.losses[::stride]],
    }


def read_session(state: SessionState, data: object) -> tuple[SessionState, RefineConfig]:
    """Read a saved session of this version or of an earlier one.

    Returns:
        The state with what was saved, and the settings that its optimizer began with.

    Raises:
        NeuhmrError: another version, something is missing, or a value that cannot be; says which.
    """
    entries = _of(dict, data, "it")
    config, begun_with, scope = _settings_in(entries, state.config or RefineConfig())
    view = _entry(dict, entries, "view")
    shown = _entry(str, view, "shown")
    if shown not in SHOWN_CHOICES:
        raise _unexpected("shown", shown, f"one of {', '.join(SHOWN_CHOICES)}")
    masks = "" if state.footage is None else state.footage.masks_digest
    if entries.get("masks", masks) != masks:
        raise WorkbenchError("it was refined with other masks than are open now")
    frames = range(state.num_frames)
    restored = replace(
        state,
        config=config,
        scope=scope,
        includes=_numbers(entries, "includes") & frozenset(frames),
        excludes=_numbers(entries, "excludes") & frozenset(frames),
        losses=tuple(_loss(point) for point in _entry(list, entries, "losses")),
        phase="paused",
        view=ViewState(
            frame=min(_whole(view, "frame"), max(state.num_frames - 1, 0)),
            shown=shown,
            joint=min(_whole(view, "joint"), NUM_JOINTS - 1),
        ),
    )
    return restored, begun_with


def read_slot(data: object) -> str:
    """Read which of two poses and optimizers a session names; those without a letter if none.

    Raises:
        NeuhmrError: it names others.
    """
    slot = _of(dict, data, "it").get("slot", SLOTS[0])
    if slot not in SLOTS:
        raise _unexpected("slot", slot, "one of the two")
    return slot


def read_steps(data: object) -> tuple[int, int]:
    """Read how far a saved session is: the step, and of how many.

    Raises:
        NeuhmrError: one is missing or cannot be.
    """
    entries = _of(dict, data, "it")
    total = _whole(entries, "total_steps", least=1)
    return _whole(entries, "step", least=1, most=total), total


def _settings_in(
    data: dict[str, Any], default: RefineConfig
) -> tuple[RefineConfig, RefineConfig, Scope]:
    """Read the settings, those that the optimizer began with, and the scope."""
    version, values = _whole(data, "version"), _entry(dict, data, "settings")
    if version == 1:
        named = {_FIRST_NAMES.get(str(name), str(name)): value for name, value in values.items()}
        return _with_values(default, named), default, Scope()
    if not 1 < version <= VERSION:
        raise _unexpected("version", version, f"at most {VERSION}")
    base = replace(default, name=_entry(str, data, "preset"))
    begun_with = _with_values(base, _entry(dict, data, "begun_with"))
    return _with_values(base, values), begun_with, _read_scope(_entry(dict, data, "scope"))


def _with_values(base: RefineConfig, values: dict[str, Any]) -> RefineConfig:
    """Change settings within the range of their widgets, or to what the start has already."""
    config = with_values(base, values)
    for name in values:
        row = SETTINGS[name]
        value, most = row.value_in(config), _most(row, base)
        if isinstance(value, (int, float)) and value > most:
            raise _unexpected(name, value, f"at most {most:g}")
    return config


def _most(row: Setting, base: RefineConfig) -> float:
    known = (row.value_in(base), *map(row.value_of_preset, get_args(PresetName)))
    return max(row.declared.high, *(n for n in known if isinstance(n, (int, float))), 1.0)


def _read_scope(saved: dict[str, Any]) -> Scope:
    first, last = (None if saved.get(name) is None else _whole(saved, name)
                   for name in ("first", "last"))  # fmt: skip
    joints = _numbers(saved, "locked_joints", most=NUM_JOINTS - 1)
    return Scope(
        first=first,
        last=last,
        locked_frames=_numbers(saved, "locked_frames"),
        locked_joints=joints,
        lock_translation=_entry(bool, saved, "lock_translation"),
    )


def _loss(point: object) -> LossPoint:
    pair = _of(list, point, "a loss")
    if len(pair) != 2:
        raise _unexpected("a loss", pair, "a step and its terms")
    step, terms = _number(pair[0], "a loss's step"), _of(dict, pair[1], "a loss's terms")
    return LossPoint(step=step, terms=tuple((name, _finite(v, name)) for name, v in terms.items()))


def _entry(kind: type[_Kind], data: dict[str, Any], name: str) -> _Kind:
    if name not in data:
        raise WorkbenchError(f"it lacks {name}")
    return _of(kind, data[name], name)


def _of(kind: type[_Kind], value: object, called: str) -> _Kind:
    if not isinstance(value, kind):
        raise _unexpected(called, value, _KINDS[kind])
    return value


def _whole(data: dict[str, Any], name: str, least: int = 0, most: int = _MOST_STEPS) -> int:
    if name not in data:
        raise WorkbenchError(f"it lacks {name}")
    return _number(data[name], name, least, most)


def _numbers(data: dict[str, Any], name: str, most: int = _MOST_STEPS) -> frozenset[int]:
    values: Iterable[object] = _entry(list, data, name)
    return frozenset(_number(value, f"one of {name}", most=most) for value in values)


def _number(value: object, called: str, least: int = 0, most: int = _MOST_STEPS) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _unexpected(called, value, f"a whole number from {least} to {most}")
    return value


def _finite(value: object, called: str) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        raise _unexpected(called, value, "a finite number")
    return float(value)


def _unexpected(called: str, value: object, expected: str) -> WorkbenchError:
    shown = str(value)
    return WorkbenchError(f"{called} is {shown[:40]}, {expected} was expected")
