"""What works on this machine, and what to do about the rest."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from neuhmr.errors import MissingDependencyError, NeuhmrError

Status = Literal["ok", "optional", "broken"]
PROBE_TIMEOUT_S = 120.0
SMPLX_TOLERANCE_M = 1e-4
"""Rounding along the longest chain of joints is a tenth of it."""
SMPL_VARIABLE = "NEUHMR_SMPL_MODEL"


@dataclass(frozen=True)
class Check:
    """One thing that was tried."""

    name: str
    status: Status
    """`optional`: missing, but everything else works without it; `broken`: something does not."""
    found: str
    remedy: str = ""
    """What to do; empty where nothing is needed."""


def run_checks(body_model: Path | None, checkpoint: Path | None) -> Iterator[Check]:
    """Try everything, one after the other, quick things first.

    Args:
        body_model: an SMPL file to try; else the one that NEUHMR_SMPL_MODEL names.
        checkpoint: avatar weights to try; else the shipped ones.
    """
    yield _check_python()
    yield _check_torch()
    yield _check_device()
    yield _check_decoder()
    yield _check_ffmpeg()
    yield _check_open_body()
    yield _check_smpl(body_model)
    yield _check_smplx()
    yield _check_checkpoint(checkpoint)
    yield _check_chromium()
    yield _check_probe(
        "sparse convolution (spconv)", "spconv", "optional",
        "Nothing: plain torch takes over. `pip install spconv` (or spconv-cu126) for its speed.",
    )  # fmt: skip
    yield _check_probe(
        "off-screen rendering (EGL)", "gl", "optional",
        "A slower renderer takes over; apt install libegl-mesa0 libgl1-mesa-dri libgles2.",
    )  # fmt: skip
    yield _check_probe(
        "first poses (MediaPipe)", "mediapipe", "optional",
        "Clips without poses need it: pip install mediapipe==0.10.21 (Python 3.11 or 3.12).",
    )  # fmt: skip


def _check_python() -> Check:
    return Check("Python", "ok", sys.version.split()[0])


def _check_torch() -> Check:
    import torch

    threads = torch.get_num_threads()
    return Check("torch", "ok", f"{torch.__version__}, {threads} thread{'s' * (threads > 1)}")


def _check_device() -> Check:
    import torch

    if torch.cuda.is_available():
        return Check("device", "ok", torch.cuda.get_device_name(0))
    return Check("device", "optional", "CPU only", "A CUDA device is faster; nothing else changes.")


def _check_decoder() -> Check:
    import imageio
    import numpy as np

    from neuhmr.clip.video import open_video, write_video

    frames = [np.full((64, 96, 3), 20 * i, np.uint8) for i in range(5)]
    name, remedy = "video in and out", "pip install --force-reinstall av imageio imageio-ffmpeg"
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "trial.mp4"
            write_video(path, frames, fps=10.0)
            count = open_video(path).num_frames
    except (NeuhmrError, OSError) as error:
        return Check(name, "broken", str(error), remedy)
    if count != len(frames):
        return Check(name, "broken", f"{count} of {len(frames)} frames came back", remedy)
    return Check(name, "ok", f"imageio {imageio.__version__} with PyAV")


def _check_ffmpeg() -> Check:
    try:
        import imageio_ffmpeg

        path = imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError) as error:
        return Check("ffmpeg", "broken", str(error), "apt install ffmpeg")
    return Check("ffmpeg", "ok", Path(path).name)


def _check_open_body() -> Check:
    from neuhmr.body.model_files import load_body_model

    try:
        model = load_body_model()
    except (NeuhmrError, OSError) as error:
        return Check("open body", "broken", str(error), "Install this program again.")
    return Check("open body", "ok", f"{model.name}, {len(model.v_template)} vertices")


def _check_smpl(path: Path | None) -> Check:
    from neuhmr.body.model_files import load_body_model

    if path is None and os.environ.get(SMPL_VARIABLE):
        path = Path(os.environ[SMPL_VARIABLE])
    if path is None:
        return Check(
            "SMPL", "optional", "no file named",
            "Register at smpl.is.tue.mpg.de, download SMPL for Python, and pass --body-model FILE "
            f"or set {SMPL_VARIABLE}.",
        )  # fmt: skip
    try:
        model = load_body_model(path)
    except NeuhmrError as error:
        return Check("SMPL", "broken", str(error), "Give another file.")
    return Check("SMPL", "ok", f"{model.name}, {len(model.v_template)} vertices")


def _check_smplx() -> Check:
    """Pose a body by smplx and by our own skinning, which must agree."""
    import torch

    from neuhmr.body.model_files import load_body_model
    from neuhmr.body.open_body import OPEN_BODY_PATH
    from neuhmr.body.smplx_adapter import load_smplx_body
    from neuhmr.geometry.rotations import axisangle_to_rotmat

    name, reinstall = "other body models (smplx)", "pip install --force-reinstall smplx"
    generator = torch.Generator().manual_seed(0)
    rotmats = axisangle_to_rotmat(0.5 * torch.randn(24, 3, generator=generator))
    betas, transl = torch.randn(10, generator=generator), torch.tensor([0.1, 0.2, 3.0])
    try:
        theirs = load_smplx_body(OPEN_BODY_PATH).pose(betas, rotmats[0], rotmats[1:], transl)
        ours = load_body_model().with_shape(betas).with_pose(rotmats[1:], rotmats[0], transl)
    except MissingDependencyError as error:
        return Check(name, "optional", str(error), "pip install smplx")
    except (NeuhmrError, RuntimeError) as error:
        return Check(name, "broken", str(error), reinstall)
    apart = float((theirs.vertices - ours.vertices).norm(dim=-1).max())
    if not apart < SMPLX_TOLERANCE_M:
        return Check(name, "broken", f"poses lie {apart:.2g} m from our own", reinstall)
    return Check(name, "ok", f"smplx {version('smplx')}, agrees with our skinning")


def _check_checkpoint(path: Path | None) -> Check:
    from neuhmr.ghn.checkpoint import load_ghn

    try:
        ghn = load_ghn(path)
    except NeuhmrError as error:
        return Check("avatar weights", "broken", str(error), "Give weights with --checkpoint.")
    count = sum(parameter.numel() for parameter in ghn.parameters())
    return Check("avatar weights", "ok", f"{path or 'shipped'}, {count / 1e6:.1f} M parameters")


def _check_chromium() -> Check:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return Check("browser", "ok", name)
    return Check(
        "browser", "optional", "no Chromium on this machine",
        "Only tests and screenshots need it: apt install chromium.",
    )  # fmt: skip


def _check_probe(name: str, probe: str, missing: Status, remedy: str) -> Check:
    """Try a native library in a process of its own."""
    command = [sys.executable, "-m", "neuhmr.cli.probes", probe]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PROBE_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return Check(name, missing, f"no answer in {PROBE_TIMEOUT_S:.0f} s", remedy)
    if done.returncode == 0:
        return Check(name, "ok", _last_line(done.stdout))
    if done.returncode < 0:
        return Check(name, missing, f"crashed (signal {-done.returncode})", remedy)
    return Check(name, missing, _last_line(done.stderr), remedy)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:120] if lines else "no message"
