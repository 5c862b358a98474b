"""One person whom a tool lost and found again: several tracks become one when the user says so."""

import itertools
from dataclasses import replace

import numpy as np

from neuhmr.formats.reading.found import FoundPerson, FoundPlace

JOIN = "+"
"""Between ids, as in --person 3+7."""


def join_tracks(tracks: list[FoundPerson]) -> tuple[FoundPerson, tuple[str, ...]]:
    """Put tracks of one person one after the other, by frame.

    Worlds are left out, since each track has one of its own. Of two rows for a frame the earlier
    track's is kept, unless it is not valid.

    Args:
        tracks: at least two, each with a place before the camera.

    Returns:
        The person, and where the seams are.
    """
    ordered = sorted(tracks, key=lambda track: int(track.frame_index.min()))
    seams = [
        f"{before.id} to {after.id} between frames {int(before.frame_index.max())} and "
        f"{int(after.frame_index.min())}"
        for before, after in itertools.pairwise(ordered)
    ]
    places = [track.camera for track in ordered]
    camera = FoundPlace(
        orient=np.concatenate([place.orient for place in places if place is not None]),
        position=np.concatenate([place.position for place in places if place is not None]),
        meaning=places[0].meaning if places[0] is not None else "smplx_transl",
    )
    joined = replace(
        ordered[0],
        id=JOIN.join(track.id for track in ordered),
        frame_index=np.concatenate([track.frame_index for track in ordered]),
        body_pose=np.concatenate([track.body_pose for track in ordered]),
        betas=np.concatenate([_per_row(track.betas, len(track)) for track in ordered]),
        valid=np.concatenate([track.valid for track in ordered]),
        camera=camera,
        world=None,
        T_camera_world=None,
        K=_joined([_rows_of_K(track) for track in ordered]),
        boxes=_joined([track.boxes for track in ordered]),
        keypoints=None,
        points3d=_joined([track.points3d for track in ordered]),
    )
    said = f"tracks {joined.id} are joined, {'; '.join(seams)}: there the pose may jump"
    return joined, (said, "each track has a world of its own, so that none is kept")


def _per_row(values: np.ndarray, rows: int) -> np.ndarray:
    return np.broadcast_to(values, (rows, *values.shape[1:])) if len(values) == 1 else values


def _rows_of_K(track: FoundPerson) -> np.ndarray | None:
    return None if track.K is None else np.broadcast_to(track.K, (len(track), 3, 3))


def _joined(parts: list[np.ndarray | None]) -> np.ndarray | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if len(known) == len(parts) else None
