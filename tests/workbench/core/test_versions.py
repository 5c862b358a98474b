"""Versions: every run makes one; they survive crashes, and nothing damaged comes back."""

import json
import os
import signal
import subprocess
import sys
import textwrap

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from neuhmr.body.local_pose import LocalPose
from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import NeuhmrError, PoseFileError
from tests.workbench.bench import CLIP, Bench, edit
from tests.workbench.patience import assert_soon
from workbench.core.correction_file import FILE_NAME as CORRECTIONS
from workbench.core.pose_store import _digest, read_poses, write_poses
from workbench.core.version import checked_version_name, read_version
from workbench.core.version_folder import VersionFolder, new_id
from workbench.errors import WorkbenchError


@pytest.fixture
def editing(bench):
    made = edit(bench)
    bench.tasks.open(OpenRequest(clip=CLIP))
    bench.wait(lambda state: state.footage is not None)
    bench.session.set_view(frame=12, joint=20)
    return made


def rotmat(state):
    return LocalPose.from_motion(state.best).rotmat


def run(bench, steps=2):
    before = len(bench.state.versions)
    bench.tasks.step(steps)
    return bench.wait(lambda state: state.phase == "paused" and len(state.versions) > before)


def files(bench):
    return sorted((bench.folder / CLIP.stem / "versions").glob("*.safetensors"))


def test_a_run_makes_a_version_that_says_what_made_it(bench, editing):
    bench.tasks.change_setting("weights.rgb", 0.4)
    state = run(bench)
    (version,) = state.versions
    assert (version.name, version.kind, version.parent) == ("Run 1", "run", None)
    assert (version.step, version.total_steps) == (2, 40)
    assert version.settings["weights.rgb"] == 0.4 and version.settings["seed"] == 0
    assert version.config() == state.config
    assert version.metrics["error_mm"] > 0 and version.metrics["turned_deg"] > 0
    assert state.version == version.id and len(files(bench)) == 1


def test_a_run_that_goes_on_renews_its_version_and_another_makes_another(bench, editing):
    first = run(bench).version
    bench.tasks.step(3)
    state = bench.wait(lambda state: state.report.step == 5 and state.versions[0].step == 5)
    assert [version.id for version in state.versions] == [first]
    bench.tasks.reset()
    bench.wait(lambda state: state.refined is None)
    state = run(bench, 1)
    assert [version.name for version in state.versions] == ["Run 1", "Run 2"]
    assert bench.state.history.names[-1] == "Refine to step 1 of 40"


def test_a_version_comes_back_bit_for_bit_with_its_settings(bench, editing):
    bench.tasks.change_setting("weights.rgb", 0.4)
    state = run(bench)
    kept = rotmat(state)
    bench.tasks.reset()
    bench.tasks.change_setting("weights.rgb", 0.9)
    bench.wait(lambda state: state.refined is None)
    editing.versions.take_up(state.versions[0].id)
    state = bench.wait(lambda state: state.refined is not None)
    assert torch.equal(rotmat(state), kept) and state.config.weights.rgb == 0.4
    assert bench.state.history.names[-1] == "Go to Run 1"
    editing.undo()
    assert bench.state.refined is None and bench.state.config.weights.rgb == 0.9
    editing.redo()
    assert torch.equal(rotmat(bench.state), kept)


def test_a_run_from_a_version_is_its_child(bench, editing):
    first = run(bench).version
    bench.tasks.reset()
    bench.wait(lambda state: state.refined is None)
    editing.versions.take_up(first)
    bench.wait(lambda state: state.refined is not None)
    state = run(bench, 1)
    assert [v.name for v in state.versions] == ["Run 1", "Run 2"]
    assert state.versions[1].parent == first


def test_what_was_put_right_by_hand_is_kept_before_a_run_goes_on_from_it(bench, editing):
    editing.fixing.flip_depth()
    put_right = rotmat(bench.wait(lambda state: state.refined is not None))
    editing.fixing.refine_around()
    state = bench.wait(lambda state: state.phase == "finished" and len(state.versions) == 2)
    by_hand, refined = state.versions
    assert (by_hand.name, refined.name) == ("By hand 1", "Run 1")
    assert refined.parent == by_hand.id and refined.corrected == (12,)
    motion = editing.versions.motion(state.footage, by_hand.id)
    assert torch.equal(LocalPose.from_motion(motion).rotmat, put_right)


def test_versions_are_kept_branched_renamed_and_deleted(bench, editing):
    editing.versions.keep_now("  as it came ")
    state = bench.wait(lambda state: state.versions != ())
    kept = state.versions[0]
    assert (kept.name, kept.kind) == ("as it came", "hand")
    editing.versions.branch(kept.id, "try two")
    state = bench.wait(lambda state: len(state.versions) == 2)
    branch = state.versions[1]
    assert (branch.name, branch.parent, branch.kind) == ("try two", kept.id, "branch")
    assert bench.wait(lambda state: state.version == branch.id).refined is not None
    editing.versions.rename(branch.id, "better <b>name</b>")
    bench.wait(lambda state: state.versions[1].name == "better <b>name</b>")
    editing.versions.delete(kept.id)
    state = bench.wait(lambda state: len(state.versions) == 1)
    assert state.versions[0].id == branch.id and len(files(bench)) == 1
    editing.versions.take_up(kept.id)
    bench.wait()
    assert "does not exist" in bench.notices.recent[-1].body


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 81, "\x1b[31m"])
def test_a_version_needs_a_name_of_one_line(bench, editing, name):
    with pytest.raises(WorkbenchError, match="no name for a version"):
        checked_version_name(name)
    with pytest.raises(WorkbenchError):
        editing.versions.rename("20260101-000000-000000-aaaa", name)


def test_another_launch_lists_the_versions_and_what_was_put_right(bench, editing):
    run(bench)
    editing.fixing.flip_depth()
    put_right = bench.wait(lambda state: state.corrections.motion is not None)
    again = relaunch(bench)
    state = again.wait(lambda state: state.versions != ())
    assert [v.name for v in state.versions] == ["Run 1"]
    assert torch.equal(rotmat(state), rotmat(put_right))
    assert state.corrections.frames == {12} and len(state.history.names) == 1
    again.tasks.step()
    again.wait(lambda state: state.report is not None and state.phase == "paused")
    assert torch.equal(LocalPose.from_motion(again.tasks.stages._optimizer.start).rotmat,
                       rotmat(put_right))  # fmt: skip
    again.tasks.stop()


def test_undoing_every_correction_leaves_none_for_the_next_launch(bench, editing):
    editing.fixing.flip_depth()
    bench.wait(lambda state: state.corrections.motion is not None)
    path = bench.folder / CLIP.stem / CORRECTIONS
    assert_soon(path.exists)
    editing.undo()
    assert_soon(lambda: not path.exists())


def test_a_damaged_version_is_named_and_skipped(bench, editing):
    run(bench)
    bench.tasks.reset()
    bench.wait(lambda state: state.refined is None)
    run(bench, 1)
    victim = files(bench)[0]
    data = bytearray(victim.read_bytes())
    data[-3] ^= 0xFF
    victim.write_bytes(bytes(data))
    (victim.parent / "nonsense.safetensors").write_bytes(b"not this")
    again = relaunch(bench)
    state = again.wait(lambda state: state.versions != ())
    assert [v.name for v in state.versions] == ["Run 2"]
    warning = next(n for n in again.notices.recent if "versions" in n.title)
    assert victim.name in warning.body and "nonsense.safetensors" in warning.body
    assert victim.exists(), "it is left alone"
    again.tasks.stop()


def test_damaged_corrections_are_said_and_left_alone(bench, editing):
    folder = bench.folder / CLIP.stem
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CORRECTIONS).write_bytes(b"\x80\x04nothing")
    again = relaunch(bench)
    assert again.state.refined is None
    assert any("put right cannot be read" in n.title for n in again.notices.recent)
    again.tasks.stop()


def test_only_poses_are_read_as_poses(bench, tmp_path):
    motion, path = bench.state.initial, tmp_path / "a.safetensors"
    write_poses(path, {"poses": motion}, {"a": 1})
    about, motions = read_poses(path)
    assert about == {"a": 1} and torch.equal(motions["poses"].body_pose, motion.body_pose)
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    tensors = load_file(path)
    for name, change in (
        ("poses.transl", lambda t: t + torch.nan),
        ("poses.body_pose", lambda t: 2.0 * t),
        ("poses.body_pose", lambda t: -t),
        ("poses.frame_index", lambda t: t.flip(0)),
        ("poses.valid", lambda t: t.float()),
        ("poses.transl", lambda t: t[:5]),
        ("poses.betas", lambda t: t / 0.0),
    ):
        changed = tensors | {name: change(tensors[name]).contiguous()}
        for is_honest in (True, False):
            digest = _digest(changed) if is_honest else metadata["digest"]
            save_file(changed, path, metadata=metadata | {"digest": digest})
            with pytest.raises(PoseFileError):
                read_poses(path)
    for missing in ({}, {"format": "other"}):
        save_file(tensors, path, metadata=missing)
        with pytest.raises(PoseFileError, match="another kind"):
            read_poses(path)


def test_only_descriptions_are_read_as_versions(bench, editing):
    run(bench)
    plain = json.loads(json.dumps(bench.state.versions[0].plain()))
    assert read_version(plain) == bench.state.versions[0]
    for name, value in (
        ("kind", "virus"), ("step", -1), ("step", True), ("settings", {"no.such": 1}),
        ("settings", {"weights.rgb": "much"}), ("corrected", ["x"]), ("name", "a\nb"),
        ("parent", 7), ("metrics", []), ("weights", None),
    ):  # fmt: skip
        with pytest.raises((ValueError, NeuhmrError)):
            read_version(plain | {name: value})
    with pytest.raises(ValueError):
        read_version([])


@pytest.mark.parametrize("name", ["../session", "a/b", "", "A", "x.y"])
def test_a_versions_name_is_no_way_out_of_the_folder(tmp_path, name):
    with pytest.raises((ValueError, PoseFileError)):
        VersionFolder(tmp_path).load(name, torch.arange(3))


def test_a_version_of_another_clip_is_not_this_clips(bench, tmp_path):
    edit(bench)
    folder = VersionFolder(tmp_path)
    version = read_version(example(new_id()))
    folder.save(version, bench.state.initial)
    assert folder.read_all(bench.state.initial.frame_index) == ((version,), ())
    assert folder.read_all(torch.arange(5)) == ((), (f"{version.id}.safetensors",))


def test_a_killed_program_leaves_whole_versions_only(bench, tmp_path):
    """Write versions in a process that is killed in the midst of it."""
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from tests.workbench.synthetic_figure import true_motion
        from tests.workbench.core.test_versions import example
        from workbench.core.version import read_version
        from workbench.core.version_folder import VersionFolder, new_id
        folder = VersionFolder(Path(sys.argv[1]))
        motion = true_motion()
        print("ready", flush=True)
        while True:
            folder.save(read_version(example(new_id())), motion)
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"},
    )
    assert process.stdout.readline() == b"ready\n"
    assert_soon(lambda: len(list(tmp_path.glob("*.safetensors"))) > 20)
    process.send_signal(signal.SIGKILL)
    process.wait()
    versions, damaged = VersionFolder(tmp_path).read_all(bench.state.initial.frame_index)
    # The last of the files may be one half of a version.
    assert len(versions) >= 20 and damaged == ()


def test_a_second_workbench_leaves_versions_and_corrections_of_the_first_alone(bench, editing):
    run(bench)
    kept = files(bench)
    other = Bench(bench.folder)
    second = edit(other)
    other.open_clip()
    other.session.set_view(frame=12, joint=20)
    second.fixing.flip_depth()
    other.wait(lambda state: state.corrections.motion is not None)
    second.versions.keep_now("mine")
    other.wait(lambda state: "This session is open elsewhere" in other.titles())
    assert_soon(lambda: any("in use by another" in n.body for n in other.notices.recent))
    second.versions.delete(bench.state.versions[0].id)
    other.wait()
    assert files(bench) == kept
    assert not (bench.folder / CLIP.stem / CORRECTIONS).exists()
    other.tasks.stop()


def test_a_session_remembers_poses_that_were_opened_later(bench, editing):
    run(bench)
    poses = bench.folder / "other.npz"
    bench.tasks.open(OpenRequest(clip=CLIP, poses=poses))
    bench.wait(lambda state: state.request is not None and state.request.poses == poses)
    said = json.loads((bench.folder / CLIP.stem / "clip.json").read_text())
    assert said["poses"] == str(poses)


def example(version):
    return {
        "id": version, "name": "Run 1", "kind": "run", "created": "2026-01-01T00:00:00+00:00",
        "parent": None, "step": 1, "total_steps": 2, "preset": "fast",
        "settings": {"weights.rgb": 0.5}, "weights": "", "metrics": {"error_mm": 30.0},
        "corrected": [], "invalid": [],
    }  # fmt: skip


def relaunch(bench):
    bench.tasks.stop()
    again = Bench(bench.folder)
    edit(again)
    again.tasks.open(OpenRequest(clip=CLIP))
    again.wait(lambda state: state.footage is not None)
    return again


def test_a_run_around_corrections_goes_on_from_them_in_another_launch(bench, editing):
    editing.fixing.flip_depth()
    bench.wait(lambda state: state.refined is not None)
    bench.tasks.step(3)
    bench.wait(lambda state: state.report is not None and state.phase == "paused")
    start = bench.state.corrections.start
    again = relaunch(bench)
    assert again.state.restored is not None and again.state.restored.step == 3
    assert again.state.corrections.held == {12}
    again.tasks.step()
    state = again.wait(lambda state: state.report is not None and state.phase == "paused")
    assert state.report.step == 4
    optimizer = again.tasks.stages._optimizer
    assert torch.equal(LocalPose.from_motion(optimizer.start).rotmat,
                       LocalPose.from_motion(start).rotmat)  # fmt: skip
    assert optimizer.scope.locked_frames == {12}
    again.tasks.stop()
