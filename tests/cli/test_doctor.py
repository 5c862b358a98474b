"""`neuhmr doctor`: says what works, never fails over what does not."""

import json
import sys
from pathlib import Path

import pytest
import smplx
from torch import Tensor

from neuhmr.cli import machine_checks, main
from neuhmr.cli.machine_checks import Check, run_checks


@pytest.fixture(scope="module")
def checks() -> dict[str, Check]:
    return {check.name: check for check in run_checks(None, None)}


def test_everything_is_looked_at(checks: dict[str, Check]) -> None:
    words = " ".join(checks).lower()
    for subject in (
        "python", "torch", "device", "spconv", "egl", "video", "ffmpeg", "mediapipe", "browser",
        "open body", "smpl", "smplx", "weights",
    ):  # fmt: skip
        assert subject in words


def test_what_the_project_ships_works(checks: dict[str, Check]) -> None:
    for name in ("Python", "torch", "video in and out", "ffmpeg", "open body", "avatar weights",
                 "other body models (smplx)"):  # fmt: skip
        assert checks[name].status == "ok", checks[name]


def test_whatever_is_missing_comes_with_a_remedy(checks: dict[str, Check]) -> None:
    for check in checks.values():
        assert check.found
        assert check.status == "ok" or check.remedy, check


def test_a_smplx_that_poses_otherwise_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def shifted(*arguments: object, **options: object) -> tuple[Tensor, Tensor]:
        vertices, joints = lbs(*arguments, **options)
        return vertices + 1e-3, joints

    lbs = smplx.body_models.lbs
    monkeypatch.setattr(smplx.body_models, "lbs", shifted)
    check = machine_checks._check_smplx()
    assert check.status == "broken"
    assert "0.0017 m from our own" in check.found


def test_a_missing_smplx_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smplx", None)
    check = machine_checks._check_smplx()
    assert (check.status, check.remedy) == ("optional", "pip install smplx")


def test_a_missing_ffmpeg_package_is_told_with_its_remedies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    check = machine_checks._check_ffmpeg()
    assert (check.status, check.remedy) == ("broken", "apt install ffmpeg")
    check = machine_checks._check_decoder()
    assert check.status == "broken" and "pip install imageio-ffmpeg" in check.found


def test_a_broken_file_is_reported_not_raised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The probes start processes of their own; their findings are tested above.
    monkeypatch.setattr(
        "neuhmr.cli.machine_checks._check_probe",
        lambda name, probe, missing, remedy: Check(name, "ok", "not tried"),
    )
    broken = tmp_path / "weights.safetensors"
    broken.write_bytes(b"nothing of the kind")
    assert main(["doctor", "--checkpoint", str(broken), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["healthy"] is False
    found = {check["name"]: check for check in result["checks"]}["avatar weights"]
    assert found["status"] == "broken" and str(broken) in found["found"]
