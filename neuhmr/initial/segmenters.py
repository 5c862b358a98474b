"""Masks by other people's segmenters, which are not installed with this program.

MediaPipe's masks say who is meant: rembg, which cuts out whatever stands in front, looks around
them, and SAM 2 is given the frame where most of the person is seen.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool
from PIL import Image

from neuhmr.clip.masks import MaskSequence, pack_masks
from neuhmr.clip.video import Video
from neuhmr.devices import choose_device
from neuhmr.errors import MissingDependencyError
from neuhmr.initial.mask_cleaning import clean_mask
from neuhmr.progress import OnProgress, Progress, ignore_progress

SegmenterName = Literal["mediapipe", "rembg", "sam2"]
_LABEL = "Segmenting"
_REMBG_MODEL = "u2net_human_seg"
_SAM_MODEL = "facebook/sam2.1-hiera-small"
_MARGIN = 0.25
"""Around the person, in sides of their box."""
_HALF = 127
_OWN_SHARE = 0.3
"""Of a cut-out must lie on the person, else it is something else."""
_JPEG_QUALITY = 95


def segment(
    name: SegmenterName,
    video: Video,
    guides: MaskSequence,
    on_progress: OnProgress = ignore_progress,
) -> MaskSequence:
    """Segment the person anew in every frame.

    Args:
        name: of the segmenter; `mediapipe` leaves the masks as they are.
        video: the clip.
        guides: masks that say who is meant and in which frames; one for each frame.
        on_progress: told after every frame.

    Raises:
        MissingDependencyError: the segmenter is not installed.
    """
    if name == "rembg":
        return pack_masks(_by_rembg(video, guides, on_progress))
    if name == "sam2":
        return _by_sam2(video, guides, on_progress)
    return guides


def _by_rembg(
    video: Video, guides: MaskSequence, on_progress: OnProgress
) -> Iterator[Bool[np.ndarray, "height width"]]:
    """Cut the person out of a window around them."""
    try:
        import rembg  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise _missing("rembg", "rembg") from error
    session = rembg.new_session(_REMBG_MODEL)
    for index, frame in enumerate(video.frames()):
        guide = guides.mask(index)
        mask = np.zeros_like(guide)
        if guide.any():
            window = _window(guide)
            shares = rembg.remove(
                np.ascontiguousarray(frame[window]), session=session, only_mask=True
            )
            mask[window] = np.asarray(shares).reshape(mask[window].shape) > _HALF
            if (mask & guide).sum() < _OWN_SHARE * max(int(mask.sum()), 1):
                mask = guide
        yield clean_mask(mask)
        on_progress(Progress(_LABEL, index + 1, len(video)))


def _by_sam2(video: Video, guides: MaskSequence, on_progress: OnProgress) -> MaskSequence:
    """Give SAM 2 the frame with most of the person, and follow them both ways."""
    try:
        import torch
        from sam2.sam2_video_predictor import (  # pyright: ignore[reportMissingImports]
            SAM2VideoPredictor,
        )
    except ImportError as error:
        raise _missing("sam2", "sam2") from error
    areas = [int(guides.mask(index).sum()) for index in range(len(guides))]
    best = int(np.argmax(areas))
    if not areas[best]:
        return guides
    predictor: Any = SAM2VideoPredictor.from_pretrained(
        _SAM_MODEL, device=str(choose_device("auto"))
    )
    packed = list(guides.deflated)
    done = 0
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        _write_pictures(video, Path(folder))
        state = predictor.init_state(video_path=folder)
        predictor.add_new_mask(state, frame_idx=best, obj_id=1, mask=guides.mask(best))
        for backward in (False, True):
            steps = predictor.propagate_in_video(state, start_frame_idx=best, reverse=backward)
            for index, _, scores in steps:
                mask = (scores[0] > 0.0).cpu().numpy().reshape(guides.height, guides.width)
                packed[index] = pack_masks([clean_mask(mask)]).deflated[0]
                done += 1
                on_progress(Progress(_LABEL, min(done, len(video)), len(video)))
    return MaskSequence(tuple(packed), guides.height, guides.width)


def _write_pictures(video: Video, folder: Path) -> None:
    """Write the frames as SAM 2 reads them: 00000.jpg and on."""
    for index, frame in enumerate(video.frames()):
        Image.fromarray(frame).save(folder / f"{index:05d}.jpg", quality=_JPEG_QUALITY)


def _window(mask: Bool[np.ndarray, "height width"]) -> tuple[slice, slice]:
    """Frame a mask with a margin."""
    slices = []
    for axis in (1, 0):
        there = np.flatnonzero(mask.any(axis=axis))
        margin = round(_MARGIN * (there[-1] + 1 - there[0]))
        slices.append(slice(max(int(there[0]) - margin, 0), int(there[-1]) + 1 + margin))
    return slices[0], slices[1]


def _missing(name: str, extra: str) -> MissingDependencyError:
    return MissingDependencyError(
        f"--segmenter {name} needs the package {name}, which is not installed: run pip install "
        f'"neuhmr-workbench[{extra}]", or leave --segmenter out.'
    )
