"""Whose poses to take out of a file, in which frame of reference, for which clip and body."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from neuhmr.errors import PoseFileError
from neuhmr.formats.reading.found import FoundPerson, FoundPoses
from neuhmr.formats.reading.joined_tracks import JOIN, join_tracks
from neuhmr.formats.reading.rest_body import RestBody

FrameChoice = Literal["camera", "world"]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the user wants of a file of poses; None where the file or a default decides."""

    person: str | None = None
    """Its id in the file."""
    takes_only_one: bool = False
    """Where there is only one person, take them whoever is asked for."""
    frame: FrameChoice | None = None
    """Each row's camera frame, or the world turned upright (y down); else the camera's if known."""
    fps: float | None = None
    """Of the poses, where the file does not say."""
    clip_fps: float | None = None
    image_size: tuple[int, int] | None = None
    """Height and width of the clip (px)."""
    source_model: RestBody | None = None
    """The tool's own body."""
    body: RestBody | None = None
    """The body to move the poses onto; None keeps the tool's own."""


def choose_person(
    path: Path, found: FoundPoses, choice: Choice
) -> tuple[FoundPerson, tuple[str, ...]]:
    """Pick the only person, or the one that is asked for, perhaps joined of several tracks.

    Returns:
        The person, and what to say about a joint.

    Raises:
        PoseFileError: there are none or several, or nobody of that name.
    """
    if not found.persons:
        raise PoseFileError(
            f"{path} ({found.tool}) holds nobody's poses, at least one person's were expected; run "
            "the tool on a clip in which it finds somebody."
        )
    ids = {person.id: person for person in found.persons}
    wanted = choice.person
    if len(found.persons) == 1 and (wanted is None or choice.takes_only_one):
        return found.persons[0], ()
    if wanted in ids:
        return ids[wanted], ()
    people = "; ".join(_describe(person) for person in found.persons)
    if wanted is None:
        raise PoseFileError(
            f"{path} ({found.tool}) holds {len(found.persons)} people, one was expected; choose "
            f"with --person among {people}; --person ID{JOIN}ID joins tracks of one person."
        )
    parts = wanted.split(JOIN)
    if len(parts) > 1 and set(parts) <= ids.keys() and len(set(parts)) == len(parts):
        tracks = [ids[part] for part in parts]
        if choice.frame == "world" or any(track.camera is None for track in tracks):
            raise PoseFileError(
                f"{path} ({found.tool}) has tracks with worlds of their own, which only the "
                "camera's frame joins; leave --world out, or choose one track."
            )
        return join_tracks(tracks)
    raise PoseFileError(
        f"{path} ({found.tool}) holds no person {wanted}, one of these was expected: {people}."
    )


def ids_by_frames(found: FoundPoses) -> tuple[str, ...]:
    """List everybody, who was seen in most frames first."""
    ranked = sorted(found.persons, key=lambda person: -int(person.valid.sum()))
    return tuple(person.id for person in ranked)


def _describe(person: FoundPerson) -> str:
    """Say who somebody is: id, frames, and where they are in the picture or the room."""
    seen = int(person.valid.sum())
    frames = person.frame_index[person.valid] if seen else person.frame_index
    span = f"frames {frames.min()} to {frames.max()}" if len(frames) else "no frames"
    words = f"{person.id} ({seen} seen, {span}"
    if person.boxes is not None and seen:
        left, top, right, bottom = np.nanmean(person.boxes[person.valid], axis=0)
        words += f", mean box {right - left:.0f} x {bottom - top:.0f} px "
        words += f"around ({(left + right) / 2:.0f}, {(top + bottom) / 2:.0f})"
    else:
        place = person.camera or person.world
        if place is not None and seen:
            x, y, z = np.nanmean(place.position[person.valid], axis=0)
            frame = "camera" if place is person.camera else "world"
            words += f", around ({x:.1f}, {y:.1f}, {z:.1f}) m in the {frame}'s frame"
    return words + ")"
