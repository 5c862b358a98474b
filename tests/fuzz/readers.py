"""Every reader of files, each with valid files to begin from."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from neuhmr.body.model_files import load_body_arrays
from neuhmr.clip.camera_file import read_camera, write_camera
from neuhmr.clip.clip import open_clip
from neuhmr.clip.masks import pack_masks, read_masks, write_masks
from neuhmr.clip.motion_file import read_motion_file
from neuhmr.clip.video import open_video, write_video
from neuhmr.datasets.capture_reader import read_capture
from neuhmr.errors import NeuhmrError
from neuhmr.files.json_text import read_json
from neuhmr.files.loading import load_data
from neuhmr.formats.reading.choice import Choice
from neuhmr.formats.reading.read import read_poses
from neuhmr.geometry.cameras import camera_from_focal
from neuhmr.ghn.checkpoint import load_ghn, save_ghn
from neuhmr.ghnerf.captures.keypoint_file import read_keypoints, write_keypoints
from neuhmr.refine.resume_file import read_resume_file, write_resume_file
from official_pickle import official_arrays, write_official_pickle
from synthetic_body import make_synthetic_body
from tests.cli.motions import make_motion, save_motion
from tests.formats.reading import tool_files
from tests.formats.reading.known import make_known
from tests.fuzz.reader import Reader
from tests.ghn.scene import make_ghn
from tests.ghnerf.captures.random_table import random_table
from workbench.core.session import SessionState
from workbench.core.session_content import read_session, read_steps, session_content


def _poses(path: Path) -> object:
    choice = Choice(image_size=(720, 1280), clip_fps=25.0)
    return read_poses(path, choice)


def _seed(write: Callable[[Path, Any], Path], frames: tuple[int, ...]) -> Callable[[Path], Path]:
    known = make_known(rows=len(frames), frames=list(frames))
    return lambda folder: write(folder, known)


def _video(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 255, (32, 32, 3), np.uint8) for _ in range(5)]
    write_video(folder / "a.mp4", frames, 10.0)
    return folder / "a.mp4"


def _look(path: Path) -> object:
    video = open_video(path)
    return video.frame(0), video.frame(video.num_frames - 1)


def _pictures(folder: Path) -> Path:
    for number in range(3):
        exif = Image.Exif()
        exif[0x0112] = 6
        exif.get_ifd(0x8769).update({0x920A: 4.0, 0xA20E: 160.0, 0xA210: 4, 0xA002: 320})
        image = Image.new("RGB", (32, 24), (50 * number, 90, 30))
        image.save(folder / f"{number}.{('jpg', 'png', 'webp')[number]}", exif=exif)
    return folder


def _look_at_pictures(path: Path) -> object:
    return open_clip(path).camera, list(open_video(path).frames())


def _masks(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    write_masks(folder / "m.npz", pack_masks(rng.random((17, 23)) > 0.5 for _ in range(4)))
    return folder / "m.npz"


def _camera(folder: Path) -> Path:
    write_camera(folder / "c.json", camera_from_focal(300.0, 240, 180))
    return folder / "c.json"


def _ghn(folder: Path) -> Path:
    save_ghn(make_ghn(), folder / "w.safetensors", {})
    return folder / "w.safetensors"


def _resume(folder: Path) -> Path:
    state = {"field.a": torch.rand(4, 5), "order": torch.arange(9), "steps_done": torch.tensor(3)}
    write_resume_file(folder / "r.safetensors", state, {"clip": "a", "settings": "{}"})
    return folder / "r.safetensors"


def _keypoints(folder: Path) -> Path:
    write_keypoints(folder / "k.npz", random_table(), ("a", "b", "c"))
    return folder / "k.npz"


def _body(folder: Path) -> Path:
    model = make_synthetic_body()
    return write_official_pickle(folder / "smpl.pkl", official_arrays(model))


def _body_npz(folder: Path) -> Path:
    np.savez(folder / "smpl.npz", **official_arrays(make_synthetic_body()))
    return folder / "smpl.npz"


def _session(folder: Path) -> Path:
    from tests.workbench.fake_engine import FakeEngine  # A window's; slow to import.
    from workbench.engine.optimizer import StepReport

    config = FakeEngine().default_config()
    motion = make_motion()
    report = StepReport(
        step=3, total_steps=40, terms={"rgb": 0.5}, learning_rate=1e-3, residual_angle_deg=1.0,
        motion=motion, is_finished=False,
    )  # fmt: skip
    state = SessionState(config=config, report=report, includes=frozenset({3}))
    (folder / "session.json").write_text(json.dumps(session_content(state, config)))
    return folder / "session.json"


def _read_session(path: Path) -> object:
    data = read_json(path, NeuhmrError, "a session", "delete it")
    return read_session(SessionState(), data), read_steps(data)


def _capture(folder: Path) -> Path:
    """A capture of two cameras as `neuhmr people --views` writes it, without bodies."""
    entries = []
    for name in ("cam00", "cam01"):
        video, masks = folder / f"{name}.mp4", folder / f"{name}.masks.npz"
        shutil.move(_video(folder), video)
        mask = np.zeros((32, 32), bool)
        mask[8:24, 12:20] = True
        write_masks(masks, pack_masks(5 * [mask]))
        K = [[40.0, 0.0, 16.0], [0.0, 40.0, 16.0], [0.0, 0.0, 1.0]]
        T = np.eye(4)
        T[2, 3] = 3.0
        entries.append({
            "name": name, "video": video.name, "masks": masks.name, "height": 32, "width": 32,
            "K": K, "T_camera_world": T.tolist(),
        })  # fmt: skip
    content = {"format": "neuhmr-capture", "version": 1, "cameras": entries}
    (folder / "cameras.json").write_text(json.dumps(content))
    return folder


def _read_capture(path: Path) -> object:
    capture = read_capture(path)
    return capture.view(capture.frames[0], 0), capture.box(capture.frames[0])


HOLES = (1, 2, 3, 6, 7, 11)
_TOOL_WRITERS = {
    name.removeprefix("write_"): write
    for name, write in vars(tool_files).items()
    if name.startswith("write_") and "known" in getattr(write, "__annotations__", {})
}

READERS: dict[str, Reader] = {
    **{
        f"poses {name}": Reader(_poses, (_seed(write, HOLES),))
        for name, write in _TOOL_WRITERS.items()
    },
    "motion": Reader(
        read_motion_file, (lambda folder: save_motion(folder / "m.npz", make_motion()),)
    ),
    "poses motion": Reader(_poses, (lambda folder: save_motion(folder / "m.npz", make_motion()),)),
    "data": Reader(
        lambda path: load_data(path, NeuhmrError),
        (_seed(tool_files.write_wham, HOLES), _seed(tool_files.write_gvhmr, HOLES), _body),
    ),
    "masks": Reader(read_masks, (_masks,)),
    "camera": Reader(lambda path: read_camera(path, 5, 240, 180), (_camera,)),
    "video": Reader(_look, (_video,)),
    "pictures": Reader(_look_at_pictures, (_pictures,)),
    "body model": Reader(load_body_arrays, (_body, _body_npz)),
    "weights": Reader(load_ghn, (_ghn,)),
    "resumed run": Reader(lambda path: read_resume_file(path, {"clip": "a"}), (_resume,)),
    "keypoints": Reader(read_keypoints, (_keypoints,)),
    "session": Reader(_read_session, (_session,)),
    "capture": Reader(_read_capture, (_capture,)),
}
