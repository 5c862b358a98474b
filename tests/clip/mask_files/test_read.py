"""Masks of every known kind come back pixel by pixel."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from neuhmr.clip.clip import open_clip
from neuhmr.clip.mask_files.read import read_clip_masks
from neuhmr.clip.mask_files.run_lengths import draw_run_lengths
from neuhmr.clip.video import Video, open_video, write_video
from neuhmr.errors import ClipError
from tests.formats.reading.containers import write_joblib
from tests.painted_clip import make_painted_clip

FRAMES, HEIGHT, WIDTH = 4, 48, 64


def squares(left: int) -> np.ndarray:
    """A square that moves by 2 px a frame, (frames, height, width)."""
    masks = np.zeros((FRAMES, HEIGHT, WIDTH), bool)
    for frame in range(FRAMES):
        masks[frame, 10:30, left + 2 * frame : left + 12 + 2 * frame] = True
    return masks


FIRST, SECOND = squares(5), squares(40)
LABELS = FIRST.astype(np.uint8) + 2 * SECOND.astype(np.uint8)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Video:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    write_video(path, [np.full((HEIGHT, WIDTH, 3), 90, np.uint8)] * FRAMES, 10.0)
    return open_video(path)


def encode(mask: np.ndarray, as_text: bool = True) -> dict:
    """Run lengths as pycocotools writes them."""
    flat = mask.T.reshape(-1).astype(int)
    edges = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
    counts = [0, *counts] if flat[0] else counts
    if not as_text:
        return {"size": list(mask.shape), "counts": counts}
    text = ""
    for place, count in enumerate(counts):
        value = count - (counts[place - 2] if place > 2 else 0)
        more = True
        while more:
            bits = value & 0x1F
            value >>= 5
            more = value != -1 if bits & 0x10 else value != 0
            text += chr((bits | 0x20 if more else bits) + 48)
    return {"size": list(mask.shape), "counts": text}


def folder_of(folder: Path, pictures: dict[str, Image.Image]) -> Path:
    for name, picture in pictures.items():
        path = folder / "masks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
    return folder / "masks"


def gray(mask: np.ndarray) -> Image.Image:
    return Image.fromarray(mask.astype(np.uint8) * 255)


def write_png(folder: Path) -> Path:
    return folder_of(folder, {f"mask_{i:05d}.png": gray(m) for i, m in enumerate(FIRST)})


def write_png_from_1(folder: Path) -> Path:
    return folder_of(folder, {f"{i + 1:06d}.png": gray(m) for i, m in enumerate(FIRST)})


def write_cutouts(folder: Path) -> Path:
    """As rembg leaves them: the person on nothing."""
    pictures = {}
    for index, mask in enumerate(FIRST):
        color = np.full((HEIGHT, WIDTH, 4), 200, np.uint8)
        color[..., 3] = mask * 255
        pictures[f"{index}.png"] = Image.fromarray(color)
    return folder_of(folder, pictures)


def write_palette(folder: Path) -> Path:
    """As SAM 2's semi-supervised script and DAVIS have them."""
    pictures = {}
    for index, labels in enumerate(LABELS):
        picture = Image.fromarray(labels).convert("P")
        picture.putdata(labels.reshape(-1).tolist())
        picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
        pictures[f"{index:05d}.png"] = picture
    return folder_of(folder, pictures)


def write_object_folders(folder: Path) -> Path:
    pictures = {f"001/{i:05d}.png": gray(m) for i, m in enumerate(FIRST)}
    return folder_of(folder, pictures | {f"002/{i:05d}.png": gray(m) for i, m in enumerate(SECOND)})


def write_mask_video(folder: Path) -> Path:
    frames = [np.repeat(m[..., None] * np.uint8(255), 3, axis=2) for m in FIRST]
    write_video(folder / "masks.mp4", frames, 10.0)
    return folder / "masks.mp4"


def dump(folder: Path, tree: object) -> Path:
    (folder / "masks.json").write_text(json.dumps(tree))
    return folder / "masks.json"


def write_coco(folder: Path) -> Path:
    images = [{"id": 100 + i, "file_name": f"{i:05d}.jpg"} for i in range(FRAMES)]
    found = [
        {"image_id": 100 + i, "track_id": who, "segmentation": encode(masks[i])}
        for who, masks in ((7, FIRST), (9, SECOND))
        for i in range(FRAMES)
    ]
    return dump(folder, {"images": images, "annotations": found})


def write_coco_results(folder: Path) -> Path:
    return dump(folder, [
        {"image_id": i, "category_id": 1, "segmentation": encode(m, as_text=False)}
        for i, m in enumerate(FIRST)
    ])  # fmt: skip


def write_youtube_vis(folder: Path) -> Path:
    return dump(folder, [
        {"video_id": 1, "category_id": 1, "id": who, "segmentations": [encode(m) for m in masks]}
        for who, masks in ((7, FIRST), (9, SECOND))
    ])  # fmt: skip


def write_array(folder: Path) -> Path:
    np.savez_compressed(folder / "a.npz", masks=FIRST)
    return folder / "a.npz"


def write_objects_array(folder: Path) -> Path:
    scores = np.where(np.stack([FIRST, SECOND], axis=1), 4.0, -9.0).astype(np.float32)
    np.savez(folder / "a.npz", masks=scores, object_ids=[7, 9], frame_idx=np.arange(FRAMES))
    return folder / "a.npz"


def write_labels_array(folder: Path) -> Path:
    np.save(folder / "a.npy", LABELS)
    return folder / "a.npy"


def write_video_segments(folder: Path) -> Path:
    tree = {i: {7: FIRST[i][None], 9: SECOND[i][None]} for i in range(FRAMES)}
    with (folder / "a.pkl").open("wb") as file:
        pickle.dump(tree, file)
    return folder / "a.pkl"


def write_video_segments_torch(folder: Path) -> Path:
    tree = {i: {7: torch.from_numpy(FIRST[i])[None]} for i in range(FRAMES)}
    torch.save(tree, folder / "a.pt")
    return folder / "a.pt"


def write_phalp(folder: Path) -> Path:
    tree = {}
    for i in range(FRAMES):
        tree[f"outputs/img/{i + 1:06d}.jpg"] = {
            "time": i, "tid": [7, 9, 4], "tracked_time": [0, 0, 3],
            "mask": [[encode(FIRST[i])], [encode(SECOND[i])], [encode(FIRST[0])]],
        }  # fmt: skip
    return write_joblib(folder / "demo_a.pkl", tree, compress=True)


CASES: dict[str, tuple[Callable[[Path], Path], tuple[str, str] | None]] = {
    "png": (write_png, None),
    "png from 1": (write_png_from_1, None),
    "cutouts": (write_cutouts, None),
    "palette": (write_palette, ("1", "2")),
    "object folders": (write_object_folders, ("001", "002")),
    "coco": (write_coco, ("7", "9")),
    "coco results": (write_coco_results, None),
    "youtube vis": (write_youtube_vis, ("7", "9")),
    "array": (write_array, None),
    "objects array": (write_objects_array, ("7", "9")),
    "labels array": (write_labels_array, ("1", "2")),
    "video segments": (write_video_segments, ("7", "9")),
    "video segments torch": (write_video_segments_torch, None),
    "phalp": (write_phalp, ("7", "9")),
}


def drawn(path: Path, video: Video, person: str | None = None) -> np.ndarray:
    masks, _ = read_clip_masks(path, video, person)
    return np.stack([masks.mask(frame) for frame in range(masks.num_frames)])


@pytest.mark.parametrize("name", CASES)
def test_every_programs_masks_come_back(name: str, video: Video, tmp_path: Path) -> None:
    write, people = CASES[name]
    path = write(tmp_path)
    if people is None:
        np.testing.assert_array_equal(drawn(path, video), FIRST)
        return
    with pytest.raises(ClipError, match="2 people or objects, choose with --person among"):
        drawn(path, video)
    np.testing.assert_array_equal(drawn(path, video, people[0]), FIRST)
    np.testing.assert_array_equal(drawn(path, video, people[1]), SECOND)
    with pytest.raises(ClipError, match="no person 3"):
        drawn(path, video, "3")


def test_a_video_of_masks_comes_back_but_for_its_edges(video: Video, tmp_path: Path) -> None:
    found = drawn(write_mask_video(tmp_path), video)
    assert (found != FIRST).mean() < 0.01
    with pytest.raises(ClipError, match="video of pictures"):
        drawn(video.path, video)


def test_gaps_are_named_and_empty(video: Video, tmp_path: Path) -> None:
    path = write_png(tmp_path)
    (path / "mask_00002.png").unlink()
    masks, remarks = read_clip_masks(path, video)
    assert not masks.mask(2).any()
    np.testing.assert_array_equal(masks.mask(3), FIRST[3])
    assert any("1 frames have none: 2" in remark for remark in remarks)


def test_masks_of_another_size_are_scaled_or_refused(video: Video, tmp_path: Path) -> None:
    large = FIRST.repeat(2, axis=1).repeat(2, axis=2)
    np.save(tmp_path / "large.npy", large)
    np.testing.assert_array_equal(drawn(tmp_path / "large.npy", video), FIRST)
    np.save(tmp_path / "tall.npy", FIRST.repeat(2, axis=1))
    with pytest.raises(ClipError, match=r"96 x 64 pixels .*, but the clip has 48 x 64"):
        drawn(tmp_path / "tall.npy", video)


def test_masks_of_another_clip_are_refused(video: Video, tmp_path: Path) -> None:
    np.save(tmp_path / "short.npy", FIRST[:3])
    with pytest.raises(ClipError, match="holds 3 frames, but the clip has 4"):
        drawn(tmp_path / "short.npy", video)
    path = write_png(tmp_path)
    gray(FIRST[0]).save(path / "mask_00009.png")
    with pytest.raises(ClipError, match="mask of frame 9, but the clip has 4"):
        drawn(path, video)


def test_run_lengths_are_cocos() -> None:
    # Worked by hand: columns of 3; the second pixel of the first column, the whole second column.
    mask = np.array([[0, 1, 0], [1, 1, 0], [0, 1, 0]], bool)
    np.testing.assert_array_equal(
        draw_run_lengths({"size": [3, 3], "counts": [1, 1, 1, 3, 3]}), mask
    )
    # In text: 1, 1, 1, then 3 - 1 = 2 and 3 - 1 = 2, each below 16 and so one character.
    np.testing.assert_array_equal(draw_run_lengths({"size": [3, 3], "counts": "11122"}), mask)


BAD = {
    "fill.json": [{"size": [3, 3], "counts": [1, 1]}],
    "negative.json": [{"size": [3, 3], "counts": [-1, 10]}],
    "huge.json": [{"size": [10**9, 10**9], "counts": [10**18]}],
    "cut.json": [{"size": [3, 3], "counts": "oooo"}],
    "text.json": [{"size": [3, 3], "counts": "\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f"}],
    "other.json": {"a": 1},
    "empty.json": [],
    "words.json": ["a", "b"],
}


@pytest.mark.parametrize("name", BAD)
def test_files_that_hold_something_else_are_refused(
    name: str, video: Video, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(json.dumps(BAD[name]))
    with pytest.raises(ClipError, match=name):
        read_clip_masks(tmp_path / name, video)


def test_a_claim_of_many_masks_takes_no_memory(video: Video, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", masks=FIRST)
    data = (tmp_path / "a.npz").read_bytes()
    claims = (b"(9**9, 48, 64)}", b"(4, 9999999, 9)", b"(4, 48, 64), (((", b"(4, 48, True), ")
    for claim in claims:
        (tmp_path / "a.npz").write_bytes(data.replace(b"(4, 48, 64), }", claim.ljust(14)[:14]))
        with pytest.raises(ClipError):
            read_clip_masks(tmp_path / "a.npz", video)


def test_masks_of_other_programs_open_with_the_clip(tmp_path: Path) -> None:
    path = make_painted_clip(tmp_path)
    own = open_clip(path).masks
    assert own is not None
    planes = np.stack([own.mask(frame) for frame in range(own.num_frames)])
    other = np.zeros_like(planes)
    other[:, :5] = True
    np.savez_compressed(tmp_path / "sam.npz", masks=np.stack([planes, other], axis=1))
    clip = open_clip(path, masks=tmp_path / "sam.npz", person="1")
    assert clip.masks is not None
    np.testing.assert_array_equal(clip.masks.mask(3), planes[3])
    assert clip.remarks == ("masks of arrays in sam.npz: person 1 of 2",)
