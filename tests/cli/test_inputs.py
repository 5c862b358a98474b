"""Options that several commands share."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from neuhmr.cli import inputs
from neuhmr.cli.inputs import ClipInputs, require_at_least, sample_clip
from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import ClipError, NeuhmrError


def test_every_file_and_the_person_that_are_named_are_opened() -> None:
    named: dict[str, Any] = {field.name: Path(field.name) for field in fields(ClipInputs)}
    named |= {"person": "2", "poses_as": "given", "camera_name": "left", "fit_shape": "on"}
    named |= {"focal": 900.0, "fov": 60.0, "invert_masks": True, "grow_masks": -2}
    request = ClipInputs(**named).request()
    assert {name: getattr(request, name) for name in named} == named
    assert ClipInputs(clip=Path("a.mp4")).request() == OpenRequest(clip=Path("a.mp4"))


def test_numbers_that_are_too_small_or_none_at_all_are_refused() -> None:
    for fine in (None, 1, 1.5, 1e9):
        require_at_least("--size", fine, 1)
    for wrong in (0, 0.99, float("nan"), float("inf")):
        with pytest.raises(NeuhmrError, match=f"--size is {wrong}, at least 1 was expected"):
            require_at_least("--size", wrong, 1)


def test_the_sample_clip_is_there_or_missed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    assert sample_clip().is_file() and sample_clip().name == "turn.mp4"
    monkeypatch.setattr(inputs, "__file__", str(tmp_path / "a" / "b" / "inputs.py"))
    with pytest.raises(ClipError, match="comes with the project's folder"):
        sample_clip()
