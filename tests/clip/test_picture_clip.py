"""A folder of pictures is a clip: upright, with the focal length that its EXIF tells."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from neuhmr.clip.clip import open_clip
from neuhmr.clip.sidecars import find_sidecar
from neuhmr.clip.video import open_video
from neuhmr.errors import ClipError
from neuhmr.refine.run_identity import identify_files

ORIENTATION, EXIF = 0x0112, 0x8769
FOCAL_LENGTH, FILM_FOCAL = 0x920A, 0xA405
PLANE_RESOLUTION, PLANE_UNIT, PIXELS_ACROSS = 0xA20E, 0xA210, 0xA002
HEIGHT, WIDTH = 48, 64
DIAGONAL = 80.0
"""Of these pictures (px): 48, 64, 80 are 3, 4, 5 times 16."""
FILM = (36.0**2 + 24.0**2) ** 0.5


def gray(number: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Draw a picture whose level says which frame it is, and whose left upper corner is white."""
    image = np.full((height, width, 3), 20 + 20 * number, np.uint8)
    image[:16, :16] = 255
    return image


def write(path: Path, image: np.ndarray, orientation: int = 1, **tags: object) -> Path:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    names = {"film": FILM_FOCAL, "focal": FOCAL_LENGTH, "resolution": PLANE_RESOLUTION,
             "unit": PLANE_UNIT, "across": PIXELS_ACROSS}  # fmt: skip
    exif.get_ifd(EXIF).update({names[name]: value for name, value in tags.items()})
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(image).save(path, quality=95, exif=exif)
    return path


def folder_of(tmp_path: Path, count: int = 3, **tags: object) -> Path:
    for number in range(count):
        write(tmp_path / "walk" / f"frame_{number + 9}.jpg", gray(number), **tags)
    return tmp_path / "walk"


def test_pictures_are_frames_in_the_order_of_their_numbers(tmp_path):
    folder = folder_of(tmp_path)  # frame_9, frame_10, frame_11: by name 10 would come first.
    (folder / "notes.txt").write_text("no picture")
    video = open_video(folder)
    assert (video.num_frames, video.height, video.width, video.fps) == (3, 48, 64, 30.0)
    np.testing.assert_allclose(video.times, [0.0, 1 / 30, 2 / 30])
    for order in (0, 2, 1):
        assert abs(int(video.frame(order)[-1, -1, 0]) - (20 + 20 * order)) <= 2
    assert [round(float(f[-1, -1].mean() - 20) / 20) for f in video[1:].frames()] == [1, 2]
    assert "3 pictures, taken for 30 a second" in open_clip(folder).remarks[0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_shown_upright(tmp_path, orientation):
    turns = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
             4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
             6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
             8: Image.Transpose.ROTATE_270}  # fmt: skip
    stored = Image.fromarray(gray(1))
    if orientation in turns:  # As the sensor saw it: turned the other way.
        stored = stored.transpose(turns[orientation])
    write(tmp_path / "turned" / "1.jpg", np.asarray(stored), orientation, film=28)
    clip = open_clip(tmp_path / "turned")
    assert (clip.video.height, clip.video.width) == (48, 64)
    frame = clip.video.frame(0)
    assert frame[4:12, 4:12].min() > 240 and frame[20:, 20:].max() < 60
    assert float(clip.camera.K[0, 0]) == pytest.approx(28 / FILM * DIAGONAL)
    assert clip.camera.K[:2, 2].tolist() == [32.0, 24.0], "of the upright picture"


def test_the_film_equivalent_makes_the_camera(tmp_path):
    guessed = open_clip(folder_of(tmp_path))
    assert guessed.camera_is_guessed and float(guessed.camera.K[0, 0]) == 80.0
    clip = open_clip(folder_of(tmp_path, film=35))
    # 35 mm on film whose diagonal is 43.27 mm, for a diagonal of 80 px.
    assert float(clip.camera.K[0, 0]) == pytest.approx(35 / 43.2666 * 80.0, rel=1e-4)
    assert not clip.camera_is_guessed
    assert any("65 px, as the pictures' EXIF says" in remark for remark in clip.remarks)


@pytest.mark.parametrize(
    ("unit", "resolution"),
    [(2, 4064.0), (3, 1600.0), (4, 160.0), (None, 4064.0)],
)
def test_millimeters_and_the_sensors_pixels_make_the_camera(tmp_path, unit, resolution):
    # 160 px a millimeter, in inches, centimeters or millimeters: 4 mm are 640 px of a sensor 640
    # across. The pictures are a tenth of that.
    given = {} if unit is None else {"unit": unit}
    clip = open_clip(
        folder_of(tmp_path, focal=IFDRational(4), resolution=IFDRational(resolution),
                  across=640, **given)
    )  # fmt: skip
    assert float(clip.camera.K[0, 0]) == pytest.approx(64.0)


def test_a_sensor_on_its_side_is_counted_along_its_rows(tmp_path):
    tags = {"focal": 4.0, "resolution": 160.0, "unit": 4, "across": 640}
    write(tmp_path / "tall" / "1.jpg", gray(0), 6, **tags)
    clip = open_clip(tmp_path / "tall")
    assert (clip.video.height, clip.video.width) == (64, 48)
    assert float(clip.camera.K[0, 0]) == pytest.approx(64.0)


@pytest.mark.parametrize(
    "tags",
    [{"film": 0}, {"film": 7000}, {"focal": 4.0}, {"focal": 4.0, "resolution": 160.0, "unit": 9},
     {"focal": 0.0, "resolution": 160.0, "unit": 4}, {"resolution": 160.0, "unit": 4},
     {"focal": IFDRational(1, 0), "resolution": 160.0, "unit": 4}],
)  # fmt: skip
def test_what_cannot_be_a_lens_leaves_a_guess(tmp_path, tags):
    assert open_clip(folder_of(tmp_path, **tags)).camera_is_guessed


def test_pictures_that_zoom_are_told_and_those_that_do_not_all_tell_leave_a_guess(tmp_path):
    folder = tmp_path / "zoom"
    for number, film in enumerate((30, 40, 32)):
        write(folder / f"{number}.jpg", gray(number), film=film)
    clip = open_clip(folder)
    assert float(clip.camera.K[0, 0]) == pytest.approx(32 / FILM * DIAGONAL), "the middle one"
    assert any("(from 55 to 74 px)" in remark for remark in clip.remarks)
    write(folder / "3.jpg", gray(3))
    assert open_clip(folder).camera_is_guessed


def test_a_gap_in_the_numbers_is_told(tmp_path):
    folder = folder_of(tmp_path)
    write(folder / "frame_14.jpg", gray(3))
    assert any("pictures 12-13 are not there" in r for r in open_clip(folder).remarks)


def test_pictures_of_other_sizes_and_damaged_ones_are_named(tmp_path):
    folder = folder_of(tmp_path)
    write(folder / "frame_20.jpg", gray(0, height=32))
    with pytest.raises(ClipError, match=r"frame_20\.jpg is 32 x 64 pixels.*48 x 64.*expected"):
        open_video(folder)
    (folder / "frame_20.jpg").write_bytes(b"no picture")
    with pytest.raises(ClipError, match=r"frame_20\.jpg cannot be read as a picture.*copy it"):
        open_video(folder)
    whole = (folder / "frame_9.jpg").read_bytes()
    (folder / "frame_20.jpg").write_bytes(whole[: len(whole) - 200])
    with pytest.raises(ClipError, match=r"frame_20\.jpg cannot be read.*(?i:truncated)"):
        open_video(folder).frame(3)
    (folder / "frame_20.jpg").rename(folder / "other_009.jpg")
    with pytest.raises(ClipError, match=r"two pictures of frame 9.*move one away"):
        open_video(folder)


def test_what_belongs_to_a_folder_lies_beside_it_and_runs_know_its_pictures(tmp_path, monkeypatch):
    folder = folder_of(tmp_path)
    sidecar = tmp_path / "walk.camera.json"
    sidecar.write_text("{}")
    assert find_sidecar(folder, "camera") == sidecar
    monkeypatch.chdir(folder)
    assert find_sidecar(Path(), "camera") == sidecar
    sidecar.unlink()
    before = identify_files(open_clip(folder))["clip"]
    write(folder / "frame_10.jpg", gray(7))
    assert identify_files(open_clip(folder))["clip"] != before
