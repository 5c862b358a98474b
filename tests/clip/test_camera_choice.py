"""Which camera a clip gets, and what is said about it."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from neuhmr.clip.camera_choice import CameraChoice
from neuhmr.clip.clip import open_clip
from neuhmr.clip.motion_file import read_motion_file, write_motion_file
from neuhmr.errors import ClipError
from tests.painted_clip import HEIGHT, WIDTH, make_painted_clip

FOCAL = 1.1 * HEIGHT


@pytest.fixture
def clip_path(tmp_path: Path) -> Path:
    return make_painted_clip(tmp_path)


def without_camera(path: Path) -> Path:
    path.with_name("clip.camera.json").unlink()
    return path


def focal(path: Path, **choice) -> float:
    return float(open_clip(path, camera=CameraChoice(**choice)).camera.K[0, 0])


def test_focal_length_and_field_of_view_stand_for_a_file(clip_path: Path) -> None:
    clip = open_clip(clip_path, camera=CameraChoice(focal=321.0))
    assert clip.camera.K.tolist() == [[321.0, 0, WIDTH / 2], [0, 321.0, HEIGHT / 2], [0, 0, 1]]
    assert not clip.camera_is_guessed
    # 90 degrees from edge to edge: half the width away.
    assert focal(clip_path, fov=90.0) == pytest.approx(WIDTH / 2)


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"focal": 0.0}, "--focal is 0"),
        ({"focal": float("nan")}, "--focal is nan"),
        ({"fov": 180.0}, "--fov is 180"),
        ({"fov": 60.0, "focal": 500.0}, "exclude each other"),
        ({"name": "left"}, "give it with --camera"),
    ],
)
def test_what_makes_no_camera_is_refused(clip_path: Path, choice: dict, words: str) -> None:
    with pytest.raises(ClipError, match=words):
        open_clip(clip_path, camera=CameraChoice(**choice))


def test_another_programs_camera_is_scaled_and_its_lens_named(clip_path: Path) -> None:
    path = clip_path.with_name("cameras.txt")
    path.write_text(f"7 SIMPLE_RADIAL {10 * WIDTH} {10 * HEIGHT} 1400 480 640 0.01\n")
    clip = open_clip(clip_path, camera=CameraChoice(path=path))
    assert float(clip.camera.K[0, 0]) == pytest.approx(140.0)
    (remark,) = clip.remarks
    # The corner is at (480, 640) / 1400 = (0.343, 0.457): 0.01 * 0.3265 * 800 px.
    assert "left out, up to 2.6 px" in remark
    path.write_text(f"7 SIMPLE_RADIAL {WIDTH} {HEIGHT} 140 48 64 -0.3\n")
    with pytest.raises(ClipError, match=r"bends the picture by up to \d+ px"):
        open_clip(clip_path, camera=CameraChoice(path=path))


def test_poses_of_another_camera_are_said_to_be_so(clip_path: Path) -> None:
    assert open_clip(clip_path).remarks == ()
    poses = clip_path.with_name("clip.poses.npz")
    content = read_motion_file(poses)
    assert content.K is not None
    other = replace(content, K=content.K * np.array([[4.0], [4.0], [1.0]]))
    other.K[:2, 2] = content.K[:2, 2]  # pyright: ignore[reportOptionalSubscript]
    write_motion_file(poses, other)
    clip = open_clip(clip_path)
    assert float(clip.camera.K[0, 0]) == pytest.approx(FOCAL, rel=1e-4)
    (remark,) = clip.remarks
    assert f"{4 * FOCAL:.0f} px, but the clip's camera has {FOCAL:.0f} px" in remark
    assert "--poses-as depth*0.25" in remark
    # Without another camera theirs is taken, without a word.
    alone = open_clip(without_camera(clip_path))
    assert float(alone.camera.K[0, 0]) == pytest.approx(4 * FOCAL, rel=1e-4)
    assert alone.remarks == ()


def test_what_a_phone_writes_about_its_lens_goes_before_a_guess(clip_path: Path) -> None:
    without_camera(clip_path)
    for name in ("clip.poses.npz", "clip.truth.npz"):
        clip_path.with_name(name).unlink()
    assert open_clip(clip_path).camera_is_guessed
    phone = clip_path.with_name("phone.mp4")
    key = "com.apple.quicktime.camera.focal_length.35mm_equivalent"
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(clip_path), "-c", "copy",
         "-movflags", "use_metadata_tags", "-metadata", f"{key}=26", str(phone)],
        check=True,
    )  # fmt: skip
    clip = open_clip(phone)
    # 26 mm for a diagonal of 43.27 mm; the picture's is 160 px.
    assert float(clip.camera.K[0, 0]) == pytest.approx(26 / 43.2666 * 160.0, rel=1e-4)
    assert not clip.camera_is_guessed and "metadata" in clip.remarks[0]
    shutil.copy(phone, clip_path)
    assert focal(clip_path, focal=77.0) == 77.0
