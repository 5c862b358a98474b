"""One person's masks for a clip, from whatever segments people."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool
from PIL import Image

from neuhmr.clip.frame_ranges import frame_ranges
from neuhmr.clip.mask_changes import UNCHANGED, MaskChanges
from neuhmr.clip.mask_checks import mask_problem, sample_of
from neuhmr.clip.mask_files.archives import is_our_own, read_archive
from neuhmr.clip.mask_files.found import Draw, FoundMasks, UnusableMasks
from neuhmr.clip.mask_files.pictures import read_folder
from neuhmr.clip.mask_files.trees import read_tree
from neuhmr.clip.masks import MaskSequence, pack_masks, read_masks
from neuhmr.clip.video import Video, open_video
from neuhmr.errors import ClipError
from neuhmr.files.file_kinds import describe_file, require_file
from neuhmr.files.limits import UnusableFile
from neuhmr.files.loading import DAMAGE, load_data

EXPECTED = (
    "masks (our npz, a folder of pictures, a video, COCO's JSON, arrays or objects of SAM 2, "
    "PHALP's pkl)"
)
REMEDY = "make some with `neuhmr init --masks-out` or leave --masks out"
REMADE = "make new ones with `neuhmr init --masks-out`"
_LOOKED_AT = 8
"""Frames of a video that are looked at to tell masks from pictures."""
_DARK, _MOST_GRAY = 60, 0.1
"""Masks have few gray pixels, along their edges."""
_SAME_ASPECT = 2.0
"""Encoders round sizes to even numbers (px)."""


def read_clip_masks(
    path: Path, video: Video, person: str | None = None, changes: MaskChanges = UNCHANGED
) -> tuple[MaskSequence, tuple[str, ...]]:
    """Read one person's masks, one for each frame of a clip, and what to say about them.

    Args:
        path: a file or folder.
        video: the clip.
        person: the object's id, where there are several.
        changes: what is done to them.

    Raises:
        ClipError: no known kind of masks, damaged, of another clip, or of several people.
    """
    if not path.is_dir():
        require_file(path, ClipError, EXPECTED, REMEDY)
    if path.is_file() and is_our_own(path):
        masks = replace(_fitting(path, read_masks(path), video), changes=changes)
        return _of_a_person(path, masks), ()
    try:
        found = _read(path)
        who, chosen = _choose(found, person)
        chosen, remarks = _at_frames(chosen, found, video.num_frames)
        masks = replace(pack_masks(_drawn(chosen, video)), changes=changes)
    except UnusableMasks as problem:
        raise ClipError(f"{path} cannot be used: it {problem}; {EXPECTED} expected; {REMEDY}."
                        ) from problem  # fmt: skip
    except (UnusableFile, *DAMAGE) as problem:
        raise ClipError(
            f"{path} is damaged or of an unknown version ({type(problem).__name__}: {problem}), "
            f"{EXPECTED} was expected; {REMEDY}."
        ) from problem
    several = (f"person {who} of {len(found.objects)}",) if len(found.objects) > 1 else ()
    said = (*several, *found.remarks, *remarks)
    said = tuple(f"masks of {found.tool} in {path.name}: {text}" for text in said)
    return _of_a_person(path, masks), said


def _of_a_person(path: Path, masks: MaskSequence) -> MaskSequence:
    problem = mask_problem(sample_of(masks))
    if problem is not None:
        raise ClipError(
            f"{path} holds masks that {problem}, outlines of one person were expected; {REMADE}, "
            "move the file away to go without, or take it inside out with --invert-masks."
        )
    return masks


def _fitting(path: Path, masks: MaskSequence, video: Video) -> MaskSequence:
    if masks.num_frames != video.num_frames:
        raise ClipError(
            f"{path} holds {masks.num_frames} masks but {video.path} has {video.num_frames} "
            f"frames; {REMADE}."
        )
    if (masks.height, masks.width) != (video.height, video.width):
        raise ClipError(
            f"{path} holds masks of {masks.height} x {masks.width} pixels (height x width) but "
            f"{video.path} has {video.height} x {video.width}; {REMADE}."
        )
    return masks


def _read(path: Path) -> FoundMasks:
    if path.is_dir():
        return read_folder(path)
    kind = describe_file(path)
    if "video" in kind:
        return _video(path)
    arrays = read_archive(path)
    if arrays is not None:
        return read_tree(arrays)
    return read_tree(_unwrapped(load_data(path, ClipError)))


def _unwrapped(tree: Any) -> Any:
    """Take out the one object of which NumPy makes an array without axes when it saves it."""
    is_wrapped = isinstance(tree, np.ndarray) and tree.dtype.hasobject and tree.ndim == 0
    return tree.item() if is_wrapped else tree


def _video(path: Path) -> FoundMasks:
    """Take a black and white video."""
    video = open_video(path)
    sampled = video.select(range(0, video.num_frames, max(video.num_frames // _LOOKED_AT, 1)))
    gray = np.concatenate([frame[::4, ::4].reshape(-1) for frame in sampled])
    if ((gray > _DARK) & (gray < 255 - _DARK)).mean() > _MOST_GRAY:
        raise UnusableMasks("is a video of pictures and not of white people on black")

    def draw(frame: int) -> Draw:
        return lambda: video.frame(frame).max(axis=-1) > 127

    frames = {frame: draw(frame) for frame in range(video.num_frames)}
    return FoundMasks(tool="a video", objects={"1": frames}, frames_counted=video.num_frames)


def _choose(found: FoundMasks, person: str | None) -> tuple[str, dict[int, Draw]]:
    """Pick the only object, or the person's."""
    if person is not None and person in found.objects:
        return person, dict(found.objects[person])
    if len(found.objects) == 1:
        ((who, frames),) = found.objects.items()
        return who, dict(frames)
    listed = "; ".join(
        f"{who} ({len(frames)} frames, {min(frames)} to {max(frames)})"
        for who, frames in list(found.objects.items())[:20]
    )
    if person is None:
        raise UnusableMasks(
            f"holds {len(found.objects)} people or objects, choose with --person among {listed}"
        )
    raise UnusableMasks(f"holds no person {person}, one of these was expected: {listed}")


def _at_frames(
    chosen: dict[int, Draw], found: FoundMasks, num_frames: int
) -> tuple[dict[int, Draw], tuple[str, ...]]:
    """Number the masks as the clip's frames, and name those that are missing."""
    if found.frames_counted not in (None, num_frames):
        raise UnusableMasks(f"holds {found.frames_counted} frames, but the clip has {num_frames}")
    remarks: tuple[str, ...] = ()
    everyone = {frame for frames in found.objects.values() for frame in frames}
    if found.may_count_from_1 and min(everyone) == 1 and max(everyone) == num_frames:
        chosen = {frame - 1: draw for frame, draw in chosen.items()}
        remarks = ("frames are counted from 1",)
    outside = [frame for frame in chosen if not 0 <= frame < num_frames]
    if outside:
        raise UnusableMasks(
            f"holds a mask of frame {outside[0]}, but the clip has {num_frames} (0 to "
            f"{num_frames - 1})"
        )
    missing = [frame for frame in range(num_frames) if frame not in chosen]
    if missing:
        remarks += (f"{len(missing)} frames have none: {frame_ranges(missing)}",)
    return chosen, remarks


def _drawn(chosen: dict[int, Draw], video: Video) -> Iterator[Bool[np.ndarray, "height width"]]:
    """Draw a mask for every frame, at the clip's size."""
    size = (video.height, video.width)
    for frame in range(video.num_frames):
        if frame not in chosen:
            yield np.zeros(size, bool)
            continue
        mask = chosen[frame]()
        if mask.shape != size:
            if abs(mask.shape[1] * size[0] / mask.shape[0] - size[1]) > _SAME_ASPECT:
                raise UnusableMasks(
                    f"holds masks of {mask.shape[0]} x {mask.shape[1]} pixels (height x width), "
                    f"but the clip has {size[0]} x {size[1]}"
                )
            image = Image.fromarray(mask.astype(np.uint8) * 255)
            resized = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
            mask = np.asarray(resized) > 127
        yield mask
