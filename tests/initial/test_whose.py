"""Several people in one picture: told, followed past each other, and one of them taken."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from initial.crossing_people import FPS, SAMPLE, Crossing, cross
from neuhmr.body.model_files import load_body_model
from neuhmr.clip.camera_file import write_camera
from neuhmr.clip.clip import Clip, open_clip
from neuhmr.clip.motion_file import read_motion_file
from neuhmr.clip.video import open_video, write_video
from neuhmr.errors import ClipError, PoseFileError
from neuhmr.formats.reading.choice import Choice
from neuhmr.formats.reading.read import read_poses
from neuhmr.geometry.cameras import camera_from_focal
from neuhmr.initial.crowd import CrowdConfig, find_everybody, shows_several
from neuhmr.initial.descent import FitConfig
from neuhmr.initial.identities import follow_everybody, worth_listing
from neuhmr.initial.initialise import InitialConfig, initialise_sidecars
from neuhmr.initial.mediapipe_detector import Detection, MediapipeDetector, Window
from neuhmr.initial.silhouette_shares import own_part
from neuhmr.initial.whose import one_of_several

needs_mediapipe = pytest.mark.skipif(
    find_spec("mediapipe") is None, reason="MediaPipe is not installed"
)
CONFIG = CrowdConfig()


@pytest.fixture(scope="module")
def crossing() -> Crossing:
    return cross()


@pytest.fixture
def clip(crossing: Crossing, tmp_path: Path) -> Clip:
    write_video(tmp_path / "two.mp4", crossing.pictures, FPS)
    write_camera(tmp_path / "two.camera.json", camera_from_focal(700.0, 360, 640))
    return open_clip(tmp_path / "two.mp4")


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    return float((first & second).sum() / max((first | second).sum(), 1))


@needs_mediapipe
def test_one_person_alone_is_not_several() -> None:
    with MediapipeDetector() as detector:
        assert not shows_several(open_video(SAMPLE), detector.detect, CONFIG)
        assert one_of_several(open_clip(SAMPLE), detector.detect, "1", CONFIG) is None
        with pytest.raises(ClipError, match="shows no person 2; it shows only one"):
            one_of_several(open_clip(SAMPLE), detector.detect, "2", CONFIG)


@needs_mediapipe
@pytest.mark.parametrize("person", [None, "1", "2"])
def test_one_identity_is_kept_when_people_pass_each_other(
    clip: Clip, crossing: Crossing, person: str | None
) -> None:
    with MediapipeDetector() as detector:
        whose = one_of_several(clip, detector.detect, person, CONFIG)
    assert whose is not None
    assert ("choose with --person" in whose.remark) == (person is None)
    assert "shows 2 people" in whose.remark and "2 (frames" in whose.remark
    own, other = (crossing.near, crossing.far)[:: -1 if person == "2" else 1]
    frames = whose.landmarks.detected.nonzero()[:, 0].tolist()
    # Whoever passes behind may be gone for as long as they are hidden.
    assert len(frames) >= 0.7 * len(clip) and {0, len(clip) - 1} <= set(frames)
    for frame in frames:
        mask = whose.masks.mask(frame)
        assert overlap(mask, own[frame]) > overlap(mask, other[frame]), frame
        apart = not (crossing.near[frame].any(0) & crossing.far[frame].any(0)).any()
        if apart:
            assert overlap(mask, own[frame]) > 0.85, frame
    unseen = sorted(set(range(len(clip))) - set(frames))
    assert all(not whose.masks.mask(frame).any() for frame in unseen)


@needs_mediapipe
def test_nobody_of_that_number_is_said_with_who_there_is(clip: Clip) -> None:
    with (
        MediapipeDetector() as detector,
        pytest.raises(ClipError, match=r"no person 3; it shows 1 \(frames 0"),
    ):
        one_of_several(clip, detector.detect, "3", CONFIG)


@needs_mediapipe
def test_the_second_persons_poses_and_masks_are_written_and_known_as_theirs(
    clip: Clip, crossing: Crossing
) -> None:
    quick = InitialConfig(fit=FitConfig(coarse_steps=20, fine_steps=20, smooth_steps=5))
    model = load_body_model()
    result = initialise_sidecars(clip, model, config=quick, person="2")
    assert any("person 2 is followed" in warning for warning in result.report.warnings)
    path = clip.video.path.with_name("two.poses.npz")
    assert "person 2 of 2" in read_motion_file(path).source
    again = open_clip(clip.video.path)
    assert again.masks is not None
    assert overlap(again.masks.mask(0), crossing.far[0]) > 0.85
    with pytest.raises(PoseFileError, match="poses of person 2 of 2, those of person 1"):
        read_poses(path, Choice(person="1"))
    assert len(read_poses(path, Choice(person="2"))) == len(clip)


# The rest is tested with a detector that sees painted squares.


@dataclass
class Squares:
    """Frames of (left, color) squares of 60 px."""

    frames_of: list[list[tuple[int, tuple[int, int, int]]]]
    fps: float = 10.0

    @property
    def num_frames(self) -> int:
        return len(self.frames_of)

    def frame(self, index: int) -> np.ndarray:
        picture = np.full((120, 400, 3), 40, np.uint8)
        for left, color in self.frames_of[index]:
            picture[30:90, left : left + 60] = color
        return picture

    def frames(self, start: int, stop: int):
        return (self.frame(index) for index in range(start, stop))


RED, BLUE = (220, 30, 30), (30, 30, 220)


def see_square(picture: np.ndarray, window: Window) -> Detection | None:
    """See the square of which most is left in the window."""
    best = None
    for color in (RED, BLUE):
        mask = (picture == color).all(axis=-1)
        inside = np.zeros_like(mask)
        left, top = max(window.left, 0), max(window.top, 0)
        inside[top : window.top + window.side, left : window.left + window.side] = True
        mask &= inside
        if mask.sum() > 600 and (best is None or mask.sum() > best.sum()):
            best = mask
    if best is None:
        return None
    rows, columns = np.nonzero(best)
    low = np.array([columns.min(), rows.min()])
    rng = np.random.default_rng(0)
    points = low + rng.random((33, 2)) * [np.ptp(columns), np.ptp(rows)]
    points[:2] = [low, low + np.array([np.ptp(columns), np.ptp(rows)])]
    return Detection(
        points2d=points.astype(np.float32),
        visibility=np.ones(33, np.float32),
        points3d=np.zeros((33, 3), np.float32),
        mask=best,
    )


def test_squares_that_swap_sides_stay_who_they_are() -> None:
    frames = [[(10 + 15 * i, BLUE), (310 - 15 * i, RED)] for i in range(21)]
    video = Squares(frames)
    assert shows_several(video, see_square, CONFIG)
    people = list(follow_everybody(video, see_square, CONFIG))[-1]
    listed = worth_listing(people, 21, CONFIG)
    assert len(listed) == 2
    for who in listed:
        first, last = who.sightings[0], who.sightings[20]
        started_left = first.box[0] < 200
        assert (last.box[0] > 200) == started_left, "it turned back in the middle"


def test_somebody_who_was_away_for_long_is_known_by_their_clothes() -> None:
    there, away = [(20, RED), (300, BLUE)], [(20, RED)]
    back = [(20, RED), (180, BLUE)]
    video = Squares([there] * 8 + [away] * 15 + [back] * 8)
    people = list(follow_everybody(video, see_square, CONFIG))[-1]
    frames = sorted(len(who.sightings) for who in people)
    assert frames == [16, 31]


def test_everybody_is_found_once_the_largest_first() -> None:
    video = Squares([[(20, RED), (300, BLUE)]])
    found = find_everybody(video.frame(0), see_square, CONFIG)
    assert len(found) == 2 and not (found[0].mask & found[1].mask).any()
    assert len(find_everybody(video.frame(0), see_square, CrowdConfig(most=1))) == 1


def test_pixels_go_to_the_nearer_skeleton() -> None:
    mask = np.ones((100, 200), bool)
    left = np.tile([[50.0, 10.0]], (33, 1))
    left[:, 1] = np.linspace(10, 90, 33)
    right = left + np.array([100.0, 0.0])
    own = own_part(mask, left, [right])
    assert own[:, :95].all() and not own[:, 105:].any()
    assert own_part(mask, left, []).all()
