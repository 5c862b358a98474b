"""From rows with gaps to rows at the times that a file wants: filled, refused, resampled."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from neuhmr.clip.frame_ranges import frame_ranges
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.errors import OutputError, PoseFileError
from neuhmr.formats.writing.formats import Gaps
from neuhmr.geometry.rotation_arrays import axisangles_from_rotmats, rotmats_from_axisangles

_MOST_FPS = 10_000.0


def on_timeline(
    content: MotionArrays, keeps_gaps: bool, gaps: Gaps, fps: float | None
) -> tuple[MotionArrays, tuple[str, ...]]:
    """Bring rows to the frames, and to the rate, that are written; what changed is said.

    Args:
        content: in any frame of reference that the poses may be interpolated in.
        keeps_gaps: whether what is written can say which frames have no pose.
        gaps: what to do about those frames.
        fps: the rate to resample to; None leaves it.

    Raises:
        PoseFileError: there is no pose at all, or there are gaps and they are refused.
        OutputError: a rate that is none.
    """
    if not content.valid.any():
        raise PoseFileError(
            "The motion holds no valid frame, at least one was expected; re-run the estimator."
        )
    missing = _missing_frames(content)
    if len(missing) and gaps == "refuse":
        raise PoseFileError(
            f"The motion has {_frames_without_pose(missing)}, a pose in every frame was expected; "
            "leave out --gaps refuse to have them filled or marked."
        )
    remarks: list[str] = []
    keeps_gaps = keeps_gaps and gaps == "auto"
    if len(missing):
        how = "Left out or marked" if keeps_gaps else "Filled by interpolation in time"
        remarks.append(f"{how}: {_frames_without_pose(missing)}.")
    if fps is not None and fps != content.fps:
        resampled = _resample(content, fps, keeps_gaps)
        remarks.append(
            f"Resampled in time from {content.fps:g} to {fps:g} frames per second, so "
            f"{_span(content)} frames became {_span(resampled)}."
        )
        return resampled, tuple(remarks)
    if keeps_gaps or not len(missing):
        return content, tuple(remarks)
    frames = np.arange(content.frame_index[0], content.frame_index[-1] + 1)
    return _at(content, frames.astype(np.float64), frames), tuple(remarks)


def _resample(content: MotionArrays, fps: float, keeps_gaps: bool) -> MotionArrays:
    """Interpolate at whole frames of another rate; the clip's time zero stays frame 0.

    Raises:
        OutputError: a rate that is none.
    """
    if not 0.0 < fps <= _MOST_FPS:
        raise OutputError(
            f"--fps is {fps:g}, more than 0 and at most {_MOST_FPS:g} was expected; change it."
        )
    ratio = fps / content.fps
    rounding = 1e-6
    first = int(np.ceil(content.frame_index[0] * ratio - rounding))
    last = max(first, int(np.floor(content.frame_index[-1] * ratio + rounding)))
    frames = np.arange(first, last + 1)
    positions = np.clip(frames / ratio, content.frame_index[0], content.frame_index[-1])
    resampled = replace(_at(content, positions, frames), fps=fps)
    if not keeps_gaps:
        return resampled
    seen = content.frame_index[content.valid]
    around = (np.floor(positions + rounding), np.ceil(positions - rounding))
    return replace(resampled, valid=np.isin(around[0], seen) & np.isin(around[1], seen))


def _at(
    content: MotionArrays, positions: Float[np.ndarray, " some"], frames: Int[np.ndarray, " some"]
) -> MotionArrays:
    """Interpolate the valid rows at positions (video frames); the outermost rows are held."""
    seen = content.select(content.valid)
    known = seen.frame_index.astype(np.float64)
    after = np.clip(np.searchsorted(known, positions, side="left"), 0, len(known) - 1)
    before = np.where(known[after] > positions, np.maximum(after - 1, 0), after)
    width = known[after] - known[before]
    share = np.where(width > 0, (positions - known[before]) / np.where(width > 0, width, 1), 0.0)
    orient, pose = (
        _slerp(values.reshape(len(seen), -1, 3), before, after, share).reshape(len(positions), -1)
        for values in (seen.global_orient, seen.body_pose)
    )
    K, T_camera_world = seen.K, seen.T_camera_world
    if T_camera_world is not None and T_camera_world.ndim == 3:
        T_camera_world = _between_transforms(T_camera_world, before, after, share)
    return replace(
        seen,
        global_orient=orient,
        body_pose=pose,
        transl=_lerp(seen.transl, before, after, share),
        betas=seen.mean_betas()[None],
        frame_index=frames,
        valid=np.ones(len(positions), bool),
        K=_lerp(K, before, after, share) if K is not None and K.ndim == 3 else K,
        T_camera_world=T_camera_world,
    )


def _lerp(
    values: Float[np.ndarray, "rows ..."],
    before: Int[np.ndarray, " some"],
    after: Int[np.ndarray, " some"],
    share: Float[np.ndarray, " some"],
) -> Float[np.ndarray, "some ..."]:
    share = share.reshape(-1, *[1] * (values.ndim - 1))
    return values[before] + share * (values[after] - values[before])


def _slerp(
    axisangles: Float[np.ndarray, "rows joints 3"],
    before: Int[np.ndarray, " some"],
    after: Int[np.ndarray, " some"],
    share: Float[np.ndarray, " some"],
) -> Float[np.ndarray, "some joints 3"]:
    """Turn the shorter way from one rotation to the next; rows that are met stay as they are."""
    rotmats = rotmats_from_axisangles(axisangles.astype(np.float64))
    start = rotmats[before]
    change = axisangles_from_rotmats(np.swapaxes(start, -1, -2) @ rotmats[after])
    turned = start @ rotmats_from_axisangles(share[:, None, None] * change)
    is_met = (share == 0.0)[:, None, None]
    return np.where(is_met, axisangles[before], axisangles_from_rotmats(turned))


def _between_transforms(
    transforms: Float[np.ndarray, "rows 4 4"],
    before: Int[np.ndarray, " some"],
    after: Int[np.ndarray, " some"],
    share: Float[np.ndarray, " some"],
) -> Float[np.ndarray, "some 4 4"]:
    """Interpolate cameras: their rotation, and where they stand in the world."""
    rotmats = transforms[:, :3, :3].astype(np.float64)
    places = -(np.swapaxes(rotmats, -1, -2) @ transforms[:, :3, 3:])
    axisangles = axisangles_from_rotmats(rotmats)[:, None]
    turned = rotmats_from_axisangles(_slerp(axisangles, before, after, share)[:, 0])
    between = np.tile(np.eye(4), (len(share), 1, 1))
    between[:, :3, :3] = turned
    between[:, :3, 3:] = -(turned @ _lerp(places, before, after, share))
    return between


def _missing_frames(content: MotionArrays) -> Int[np.ndarray, " some"]:
    seen = content.frame_index[content.valid]
    return np.setdiff1d(np.arange(content.frame_index[0], content.frame_index[-1] + 1), seen)


def _span(content: MotionArrays) -> int:
    return int(content.frame_index[-1] - content.frame_index[0]) + 1


def _frames_without_pose(missing: Int[np.ndarray, " some"]) -> str:
    """Name them: 3 frames without a pose (4, 8-9)."""
    noun = "frame" if len(missing) == 1 else "frames"
    return f"{len(missing)} {noun} without a pose ({frame_ranges(missing.tolist())})"
