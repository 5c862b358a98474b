"""Other people's segmenters, played by modules of the same interface."""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from neuhmr.clip.masks import MaskSequence, pack_masks
from neuhmr.clip.video import Video, open_video, write_video
from neuhmr.errors import MissingDependencyError
from neuhmr.initial.segmenters import segment

FRAMES, HEIGHT, WIDTH = 4, 96, 128


def square(left: int, side: int = 24) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[30 : 30 + side, left : left + side] = True
    return mask


PEOPLE = [square(20 + 3 * frame) for frame in range(FRAMES)]
GUIDES = [mask & square(0, 64) for mask in PEOPLE]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Video:
    """A white square walks past a gray wall, on which a second one hangs."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    pictures = []
    for mask in PEOPLE:
        picture = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
        picture[mask | square(100)] = 255
        pictures.append(picture)
    write_video(path, pictures, 10.0)
    return open_video(path)


@pytest.fixture
def guides() -> MaskSequence:
    """As MediaPipe might see it; nobody in the last frame."""
    return pack_masks([*GUIDES[:3], np.zeros((HEIGHT, WIDTH), bool)])


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    return float((first & second).sum() / (first | second).sum())


def test_without_a_segmenter_masks_stay(video: Video, guides: MaskSequence) -> None:
    assert segment("mediapipe", video, guides) is guides


@pytest.mark.parametrize("name", ["rembg", "sam2"])
def test_what_is_missing_is_named_with_how_to_install_it(
    name: Any, video: Video, guides: MaskSequence
) -> None:
    if find_spec(name) is not None:
        pytest.skip(f"{name} is installed")
    with pytest.raises(MissingDependencyError, match=rf"pip install \"neuhmr-workbench\[{name}\]"):
        segment(name, video, guides)


def test_rembg_looks_around_the_person(
    video: Video, guides: MaskSequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, ...]] = []
    rembg: Any = ModuleType("rembg")
    rembg.new_session = lambda model: f"session of {model}"

    def remove(data: np.ndarray, *, session: str, only_mask: bool) -> np.ndarray:
        assert session == "session of u2net_human_seg" and only_mask
        seen.append(data.shape)
        return data[..., 0]  # White is in front.

    rembg.remove = remove
    monkeypatch.setitem(sys.modules, "rembg", rembg)
    steps = []
    masks = segment("rembg", video, guides, steps.append)
    for frame in range(3):
        assert overlap(masks.mask(frame), PEOPLE[frame]) > 0.95
    assert not masks.mask(3).any(), "nobody is meant there"
    assert len(seen) == 3 and all(shape[1] < WIDTH / 2 for shape in seen)
    assert [step.done for step in steps] == [1, 2, 3, 4]


def test_rembgs_cut_out_of_something_else_is_not_taken(
    video: Video, guides: MaskSequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    rembg: Any = ModuleType("rembg")
    rembg.new_session = lambda model: None
    rembg.remove = lambda data, **_: 255 - data[..., 0]
    monkeypatch.setitem(sys.modules, "rembg", rembg)
    masks = segment("rembg", video, guides)
    np.testing.assert_array_equal(masks.mask(1), GUIDES[1])


class FakePredictor:
    """SAM 2's video predictor: it finds what is white in the pictures of the folder."""

    @classmethod
    def from_pretrained(cls, name: str, device: str) -> "FakePredictor":
        assert name.startswith("facebook/sam2") and device
        return cls()

    def init_state(self, video_path: str) -> dict[str, Any]:
        paths = sorted(Path(video_path).glob("*.jpg"))
        assert [path.name for path in paths] == [f"{i:05d}.jpg" for i in range(FRAMES)]
        return {"pictures": [np.asarray(Image.open(path)).max(axis=-1) for path in paths]}

    def add_new_mask(
        self, state: dict[str, Any], frame_idx: int, obj_id: int, mask: np.ndarray
    ) -> None:
        assert mask.dtype == bool
        state.update(first=frame_idx, object=obj_id, area=int(mask.sum()))

    def propagate_in_video(
        self, state: dict[str, Any], start_frame_idx: int, reverse: bool = False
    ):
        last = -1 if reverse else FRAMES
        for index in range(start_frame_idx, last, -1 if reverse else 1):
            white = torch.from_numpy((state["pictures"][index] > 200) & ~square(100))
            yield index, [state["object"]], (white.float() * 12.0 - 6.0)[None, None]


def test_sam_2_follows_from_the_frame_with_most_of_the_person(
    video: Video, guides: MaskSequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, module = ModuleType("sam2"), ModuleType("sam2.sam2_video_predictor")
    module.SAM2VideoPredictor = FakePredictor  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setitem(sys.modules, "sam2", package)
    monkeypatch.setitem(sys.modules, "sam2.sam2_video_predictor", module)
    masks = segment("sam2", video, guides)
    for frame in range(FRAMES):
        assert overlap(masks.mask(frame), PEOPLE[frame]) > 0.9, frame
    empty = pack_masks([np.zeros((HEIGHT, WIDTH), bool)] * FRAMES)
    assert segment("sam2", video, empty) is empty
