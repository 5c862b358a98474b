"""A kept version of the poses: what made it and how good it is, without the poses themselves."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from neuhmr.refine.settings import RefineConfig, with_values
from neuhmr.setting import Value
from workbench.errors import WorkbenchError

VersionKind = Literal["run", "hand", "branch", "sweep"]
LONGEST_NAME = 80


@dataclass(frozen=True, kw_only=True)
class Version:
    """One row of the list of versions."""

    id: str
    """Also the name of its file."""
    name: str
    kind: VersionKind
    created: str
    """Time of day in UTC, ISO 8601."""
    parent: str | None = None
    """Version that it was made from; None for the initial poses."""
    step: int = 0
    total_steps: int = 0
    preset: str = "fast"
    settings: Mapping[str, Value] = field(default_factory=dict)
    """All of them, by their names; the seed is one."""
    weights: str = ""
    """Digest of the network that rendered."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    corrected: tuple[int, ...] = ()
    """Frames that were put right by hand."""
    invalid: tuple[int, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Write it as numbers, words, lists and tables."""
        return asdict(self)

    def config(self) -> RefineConfig:
        """Put the settings together.

        Raises:
            NeuhmrError: one is not known, or has a value that it cannot have.
        """
        return with_values(RefineConfig(name=self.preset), self.settings)


def read_version(data: Any) -> Version:
    """Read what `Version.plain` wrote.

    Raises:
        ValueError: something is missing or of another kind.
        NeuhmrError: a setting is not known, or has a value that it cannot have.
    """
    if not isinstance(data, dict):
        raise ValueError("no table")
    texts = {name: data.get(name) for name in ("id", "name", "created", "preset", "weights")}
    for name, text in texts.items():
        if not isinstance(text, str) or len(text) > 200:
            raise ValueError(f"{name} is no text")
    if data.get("kind") not in get_args(VersionKind):
        raise ValueError("kind is not known")
    parent = data.get("parent")
    if parent is not None and not isinstance(parent, str):
        raise ValueError("parent is no text")
    made = Version(
        **{name: str(text) for name, text in texts.items()},
        kind=data["kind"],
        parent=parent,
        step=_whole(data, "step"),
        total_steps=_whole(data, "total_steps"),
        settings=_table(data, "settings"),
        metrics={
            checked_version_name(name): float(value)
            for name, value in _table(data, "metrics").items()
        },
        corrected=_frames(data, "corrected"),
        invalid=_frames(data, "invalid"),
    )
    checked_version_name(made.name)
    made.config()
    return made


def checked_version_name(name: str) -> str:
    """Accept a name that fits into a list.

    Raises:
        WorkbenchError: it is empty, too long, or more than one line.
    """
    stripped = name.strip()
    if not stripped or len(stripped) > LONGEST_NAME or not stripped.isprintable():
        raise WorkbenchError(
            f'"{stripped[:40]}" is no name for a version, one line of 1 to {LONGEST_NAME} '
            "characters was expected; choose another name."
        )
    return stripped


def _whole(data: dict[str, Any], name: str) -> int:
    value = data.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**9:
        raise ValueError(f"{name} is no count")
    return value


def _table(data: dict[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name)
    if not isinstance(value, dict):
        raise ValueError(f"{name} is no table")
    return value


def _frames(data: dict[str, Any], name: str) -> tuple[int, ...]:
    value = data.get(name)
    if not isinstance(value, list) or not all(type(frame) is int for frame in value):
        raise ValueError(f"{name} is no list of frames")
    return tuple(value)
