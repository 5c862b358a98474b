"""Whose landmarks and masks are taken, where a clip shows several people."""

from typing import NamedTuple

import numpy as np
import torch

from neuhmr.clip.clip import Clip
from neuhmr.clip.masks import MaskSequence, pack_masks
from neuhmr.errors import ClipError
from neuhmr.initial.crowd import CrowdConfig, shows_several
from neuhmr.initial.identities import Identity, follow_everybody, worth_listing
from neuhmr.initial.landmarks import Landmarks
from neuhmr.initial.track import Detect
from neuhmr.progress import OnProgress, Progress, ignore_progress

LOOKING = "Looking for people"


class Whose(NamedTuple):
    """One of several people in a clip."""

    landmarks: Landmarks
    masks: MaskSequence
    """The person's own, one for each frame."""
    label: str
    """Such as "person 1 of 2"."""
    remark: str


def one_of_several(
    clip: Clip,
    detect: Detect,
    person: str | None,
    config: CrowdConfig,
    on_progress: OnProgress = ignore_progress,
) -> Whose | None:
    """Follow everybody and take one of them; None where there is only one person.

    Args:
        clip: the video.
        detect: finds one person in a window.
        person: whose number, from 1 by size; the largest without one.
        config: how they are told apart.
        on_progress: told after every frame.

    Raises:
        ClipError: there is no such person.
    """
    several = shows_several(clip.video, detect, config)
    if not several and person in (None, "1"):
        return None
    people: list[Identity] = []
    if several:
        for done, everybody in enumerate(follow_everybody(clip.video, detect, config), start=1):
            people = everybody
            on_progress(Progress(LOOKING, done, len(clip)))
        people = worth_listing(people, len(clip), config)
    listed = "; ".join(_describe(number, who) for number, who in enumerate(people, start=1))
    numbers = [str(number) for number in range(1, len(people) + 1)]
    if person is not None and person not in (numbers or ["1"]):
        raise ClipError(
            f"{clip.video.path} shows no person {person}; "
            + (f"it shows {listed}." if listed else "it shows only one.")
        )
    if len(people) < 2:
        return None
    chosen = int(person or 1)
    landmarks, masks = _over_the_clip(clip, people[chosen - 1])
    said = "is followed" if person is not None else "is followed, choose with --person"
    return Whose(
        landmarks,
        masks,
        f"person {chosen} of {len(people)}",
        f"the clip shows {len(people)} people, person {chosen} {said}: {listed}",
    )


def _describe(number: int, who: Identity) -> str:
    frames = sorted(who.sightings)
    left, top, right, bottom = np.mean([seen.box for seen in who.sightings.values()], axis=0)
    return (
        f"{number} (frames {frames[0]} to {frames[-1]}, mean box {right - left:.0f} x "
        f"{bottom - top:.0f} px around ({(left + right) / 2:.0f}, {(top + bottom) / 2:.0f}))"
    )


def _over_the_clip(clip: Clip, who: Identity) -> tuple[Landmarks, MaskSequence]:
    """Lay somebody's sightings over all frames; where they were not seen, there is nobody."""
    frames = len(clip)
    landmarks = Landmarks.undetected(frames)
    nothing = np.zeros((clip.video.height, clip.video.width), bool)
    packed = list(pack_masks([nothing]).deflated) * frames
    for frame, seen in who.sightings.items():
        landmarks.points2d[frame] = torch.from_numpy(seen.points2d)
        landmarks.visibility[frame] = torch.from_numpy(seen.visibility)
        landmarks.points3d[frame] = torch.from_numpy(seen.points3d)
        landmarks.detected[frame] = True
        packed[frame] = seen.packed_mask
    return landmarks, MaskSequence(tuple(packed), clip.video.height, clip.video.width)
