"""A small rendered capture, whose truth is known."""

from pathlib import Path

import pytest

from neuhmr.errors import MissingDependencyError
from neuhmr.lab.people.generate import PeopleConfig, generate_people


def make_capture(folder: Path, views: int, frames: int) -> Path:
    """Film one person with small ideal cameras, or skip the test where nothing can be rendered."""
    config = PeopleConfig(out_dir=folder, views=views, frames=frames, height=96, width=96)
    try:
        return generate_people(config)[0]
    except MissingDependencyError as error:
        pytest.skip(f"needs EGL and ffmpeg: {error}")


def files_of(capture: Path, camera: str, kind: str) -> Path:
    """Name a motion file of a camera: `poses` or `truth`."""
    return capture / f"{capture.name}_{camera}.{kind}.npz"
