"""The track is tested with a detector that sees painted squares: their red value is the person."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from neuhmr.initial.mediapipe_detector import Detection, Window, whole_picture
from neuhmr.initial.track import follow_person

HEIGHT, WIDTH = 240, 320
FPS = 10.0


@dataclass
class PaintedVideo:
    """Frames with squares: per frame a list of (left, top, size, red)."""

    squares: list[list[tuple[int, int, int, int]]]
    fps: float = FPS

    @property
    def num_frames(self) -> int:
        return len(self.squares)

    def frame(self, index: int) -> np.ndarray:
        picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        for left, top, size, red in self.squares[index]:
            picture[top : top + size, left : left + size, 0] = red
        return picture

    def frames(self, start: int, stop: int) -> Iterator[np.ndarray]:
        return (self.frame(index) for index in range(start, stop))


@dataclass
class SquareDetector:
    """Sees the reddest square that fills enough of the window: it has few pixels to look with."""

    min_share: float = 0.1
    windows: list[Window] = field(default_factory=list)
    upside_down_in_whole: frozenset[int] = frozenset()
    """Red values that come out upside down when the whole picture is looked at."""
    upside_down: frozenset[int] = frozenset()
    """Red values that always come out upside down."""

    def __call__(self, picture: np.ndarray, window: Window) -> Detection | None:
        self.windows.append(window)
        left, top = max(window.left, 0), max(window.top, 0)
        inside = picture[top : window.top + window.side, left : window.left + window.side, 0]
        if inside.size == 0 or inside.max() == 0:
            return None
        red = int(inside.max())
        rows, columns = np.nonzero(inside == red)
        size = max(np.ptp(rows), np.ptp(columns)) + 1
        if size < self.min_share * window.side:
            return None
        down = np.linspace(0.0, size, 33)
        is_whole = window == whole_picture(HEIGHT, WIDTH)
        if red in self.upside_down or (is_whole and red in self.upside_down_in_whole):
            down = down[::-1]
        points = np.stack([np.linspace(0.0, size, 33), down], axis=1)
        points += [left + columns.min(), top + rows.min()]
        return Detection(
            points2d=points.astype(np.float32),
            visibility=np.ones(33, np.float32),
            points3d=np.full((33, 3), float(red), np.float32),
            mask=picture[..., 0] == red,
        )


def followed(video: PaintedVideo, detect: SquareDetector) -> list[int | None]:
    """Which person (red value) was kept in each frame."""
    people: list[int | None] = [None] * video.num_frames
    for index, found in follow_person(video, detect):
        if found is not None:
            people[index] = int(found.points3d[0, 0])
    return people


def test_a_large_person_is_found_at_once_in_the_whole_picture():
    video = PaintedVideo([[(100 + 4 * i, 60, 120, 200)] for i in range(6)])
    detect = SquareDetector()
    assert followed(video, detect) == [200] * 6
    assert detect.windows == [whole_picture(HEIGHT, WIDTH)] * 6


def test_a_small_person_is_found_in_parts_and_followed_from_near():
    # 25 px of 320 are below a tenth; of a half picture (160 px) they are above.
    video = PaintedVideo([[(40 + 3 * i, 100, 25, 200)] for i in range(6)])
    detect = SquareDetector()
    assert followed(video, detect) == [200] * 6
    assert detect.windows[-1].side == pytest.approx(50, abs=2)


def test_a_second_person_who_is_easier_to_see_does_not_take_over():
    squares = [[(40, 60, 90, 100)] for _ in range(3)]
    squares += [[(40, 60, 90, 100), (220, 60, 90, 250)] for _ in range(5)]
    assert followed(PaintedVideo(squares), SquareDetector()) == [100] * 8


def test_a_person_who_leaves_is_not_invented():
    squares = [[(100, 60, 120, 200)]] * 3 + [[]] * 4
    assert followed(PaintedVideo(squares), SquareDetector()) == [200] * 3 + [None] * 4


def test_a_short_absence_is_waited_out():
    squares = [[(20, 60, 100, 100)]] * 2 + [[(200, 60, 100, 250)]] * 5 + [[(20, 60, 100, 100)]] * 3
    people = followed(PaintedVideo(squares), SquareDetector())
    assert people == [100] * 2 + [None] * 5 + [100] * 3


def test_after_a_second_somebody_elsewhere_is_accepted_from_the_start():
    squares = [[(20, 60, 100, 100)]] * 2 + [[(200, 60, 100, 250)]] * 14
    people = followed(PaintedVideo(squares), SquareDetector())
    assert people == [100] * 2 + [250] * 14


def test_a_person_found_late_is_followed_backward():
    # Too small for the whole picture, and the parts are searched only every half second.
    squares = [[]] + [[(40, 100, 25, 200)]] * 9
    assert followed(PaintedVideo(squares), SquareDetector()) == [None] + [200] * 9


def test_a_person_seen_upside_down_is_looked_at_again():
    squares = [[(100, 60, 120, 200)]] * 2 + [[(100, 60, 120, 201)]] + [[(100, 60, 120, 202)]] * 2
    video = PaintedVideo(squares, fps=30.0)
    detect = SquareDetector(upside_down_in_whole=frozenset({201}))
    seen = dict(follow_person(video, detect))
    found = seen[2]
    assert found is not None
    assert found.points2d[0, 1] < found.points2d[-1, 1]
    assert detect.windows[3] != detect.windows[2]


def test_a_person_who_stands_on_the_head_for_one_frame_is_not_believed():
    squares = [[(100, 60, 120, 200)]] * 2 + [[(100, 60, 120, 201)]] + [[(100, 60, 120, 202)]] * 2
    detect = SquareDetector(upside_down=frozenset({201}))
    people = followed(PaintedVideo(squares, fps=30.0), detect)
    assert people == [200, 200, None, 202, 202]


def test_frames_come_in_order_even_if_nobody_is_ever_seen():
    video = PaintedVideo([[] for _ in range(7)])
    assert [index for index, _ in follow_person(video, SquareDetector())] == list(range(7))
