"""`neuhmr evaluate`: the numbers it prints."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neuhmr.cli import main
from tests.cli.motions import make_motion, save_motion

KEYS = {
    "mpjpe_mm", "pa_mpjpe_mm", "pve_mm", "pa_pve_mm", "abs_mpjpe_mm",
    "accel_error_mm_per_frame2", "jitter", "per_joint_mm", "per_frame_mm",
}  # fmt: skip


def evaluate(capsys: pytest.CaptureFixture[str], motion: Path, truth: Path) -> dict:
    assert main(["evaluate", str(motion), "--truth", str(truth), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_motion_is_perfect_against_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save_motion(tmp_path / "a.npz", make_motion())
    result = evaluate(capsys, path, path)
    assert set(result) >= KEYS
    assert result["frames"] == 6
    for key in KEYS - {"jitter", "per_joint_mm", "per_frame_mm"}:
        assert result[key] == pytest.approx(0.0, abs=1e-2), key


def test_a_shifted_body_is_only_absolutely_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = make_motion()
    # 30 mm to the right and 40 mm down: 50 mm for every joint, nothing once aligned.
    moved = replace(truth, transl=truth.transl + truth.transl.new_tensor([0.03, 0.04, 0.0]))
    result = evaluate(
        capsys, save_motion(tmp_path / "m.npz", moved), save_motion(tmp_path / "t.npz", truth)
    )
    assert result["abs_mpjpe_mm"] == pytest.approx(50.0, abs=1e-2)
    assert result["mpjpe_mm"] == pytest.approx(0.0, abs=1e-2)
    assert result["pve_mm"] == pytest.approx(0.0, abs=1e-2)


def test_only_frames_valid_in_both_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth, motion = make_motion(), make_motion(noise=0.3)
    valid = motion.valid.clone()
    valid[[0, 2]] = False
    motion = replace(motion, valid=valid)
    result = evaluate(
        capsys, save_motion(tmp_path / "m.npz", motion), save_motion(tmp_path / "t.npz", truth[:5])
    )
    assert result["frame_index"] == [1, 3, 4]
    assert len(result["per_frame_mm"]) == 3
    assert result["mpjpe_mm"] == pytest.approx(sum(result["per_frame_mm"]) / 3, rel=1e-5)
    assert result["accel_error_mm_per_frame2"] is None, "no three frames follow each other"
    assert (
        result["along_ray_mm"]
        < result["mpjpe_mm"]
        < (result["along_ray_mm"] + result["across_ray_mm"])
    )


def test_the_table_for_people_shows_the_same_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = save_motion(tmp_path / "t.npz", make_motion())
    motion = save_motion(tmp_path / "m.npz", make_motion(noise=0.1))
    number = evaluate(capsys, motion, truth)["pa_mpjpe_mm"]
    assert main(["evaluate", str(motion), "--truth", str(truth)]) == 0
    assert f"{number:.1f} mm" in capsys.readouterr().out


def test_motions_without_a_common_frame_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    motion = make_motion()
    late = replace(motion, frame_index=motion.frame_index + 100)
    files = [save_motion(tmp_path / f"{i}.npz", m) for i, m in enumerate((motion, late))]
    assert main(["evaluate", str(files[0]), "--truth", str(files[1])]) == 2
    error = capsys.readouterr().err
    assert "no valid frame in common" in error and error.count("\n") == 1


def unnumbered(path: Path, frames: int, every: int = 1) -> Path:
    """Poses of smplx's names without frame numbers."""
    motion = make_motion(frames)
    rows = slice(None, None, every)
    np.savez(
        path,
        global_orient=motion.global_orient_axisangle().numpy()[rows],
        body_pose=motion.body_pose_axisangle().numpy()[rows],
        transl=motion.transl.numpy()[rows],
        betas=motion.betas.numpy(),
    )
    return path


def numbered(path: Path, frames: int, rows: slice = slice(None)) -> Path:
    return save_motion(path, make_motion(frames)[rows])


@pytest.mark.parametrize(
    ("motion", "truth"),
    [
        (lambda p: unnumbered(p, 12), lambda p: unnumbered(p, 11)),
        (lambda p: unnumbered(p, 12, every=2), lambda p: unnumbered(p, 12)),
        (lambda p: unnumbered(p, 12, every=2), lambda p: numbered(p, 12)),
        (lambda p: numbered(p, 12), lambda p: unnumbered(p, 12, every=2)),
        (lambda p: unnumbered(p, 12, every=2), lambda p: numbered(p, 12, slice(0, 12, 2))),
    ],
    ids=["shorter", "every second", "against numbered", "as truth", "both halved, one says so"],
)
def test_rows_that_may_show_other_frames_are_not_compared(motion, truth, tmp_path, capsys) -> None:
    words = [str(motion(tmp_path / "m.npz")), "--truth", str(truth(tmp_path / "t.npz"))]
    assert main(["evaluate", *words]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "the same frames were expected" in said and "frame_index" in said


@pytest.mark.parametrize(
    ("motion", "truth"),
    [
        (lambda p: unnumbered(p, 12), lambda p: unnumbered(p, 12)),
        (lambda p: unnumbered(p, 12), lambda p: numbered(p, 12)),
        (lambda p: unnumbered(p, 12), lambda p: numbered(p, 12, slice(3, 9))),
        (lambda p: numbered(p, 12), lambda p: numbered(p, 12, slice(0, 12, 2))),
        (lambda p: numbered(p, 12), lambda p: numbered(p, 12, slice(9))),
    ],
    ids=["as long", "one numbered", "truth of a part", "numbered halves", "numbered, shorter"],
)
def test_rows_of_the_same_frames_are(motion, truth, tmp_path, capsys) -> None:
    result = evaluate(capsys, motion(tmp_path / "m.npz"), truth(tmp_path / "t.npz"))
    assert result["mpjpe_mm"] == pytest.approx(0.0, abs=1e-2)
