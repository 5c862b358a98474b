"""The two stages before refinement: make the person renderable, then describe its joints."""

from dataclasses import replace

import torch

from neuhmr.anchors.conditioning import build_avatar, condition_avatar, pair_from_anchors
from neuhmr.anchors.registration import register_anchors
from neuhmr.anchors.scoring import select_anchors
from neuhmr.body.motion import Motion
from neuhmr.ghn.avatar import Avatar
from neuhmr.ghn.checkpoint import load_ghn
from neuhmr.progress import OnProgress
from neuhmr.refine.config import RefineConfig
from neuhmr.refine.draft import draft_motion
from neuhmr.refine.frame_features import encode_frames
from neuhmr.refine.joint_sightings import make_finder
from neuhmr.refine.problem import RefineProblem
from workbench.engine import AnchorStage, motion_row
from workbench.neuhmr_keypoints import load_heatmap_model, look_at_anchors
from workbench.neuhmr_person import OpenedClip, Person, cut_out


def build_person(
    opened: OpenedClip,
    motion: Motion,
    device: torch.device,
    config: RefineConfig,
    on_progress: OnProgress,
) -> Person:
    """Cut the person out, condition the avatar, encode the frames.

    Args:
        opened: the clip.
        motion: initial poses, at least one of them valid.
        device: where tensors are to live.
        config: whether and how poses are drafted first.
        on_progress: told of every frame.
    """
    ghn = load_ghn(opened.request.checkpoint, device)
    crops_here = cut_out(opened.clip, motion, opened.model, on_progress)
    crops = crops_here.to(device)
    motion, model = motion.to(device), opened.model.to(device)
    features = encode_frames(ghn, crops, on_progress)
    draft_config, draft = config.at_rate(opened.clip.video.fps).draft, None
    if draft_config.steps > 0:
        finder = make_finder(ghn.joint_prototypes(), features, crops)
        draft = draft_motion(crops, motion, model, draft_config, on_progress, finder)
    start = motion if draft is None else draft.pose.into(motion)
    build = build_avatar(crops, start, model, ghn, on_progress=on_progress)
    assert isinstance(build.avatar, Avatar)
    found, missing = load_heatmap_model(ghn, opened.request.heatmaps, len(model.v_template))
    rows = build.conditioning_rows
    return Person(
        crops_here=crops_here,
        crops=crops,
        initial=motion,
        draft=draft,
        start=start,
        model=model,
        ghn=ghn,
        build=build,
        features=features,
        avatar=build.avatar,
        rows=rows,
        heatmaps=look_at_anchors(found, build.avatar, crops, start, rows),
        heatmaps_missing=missing,
    )


def register_person(
    person: Person,
    config: RefineConfig,
    includes: frozenset[int],
    excludes: frozenset[int],
    on_progress: OnProgress,
) -> tuple[Person, AnchorStage]:
    """Choose anchors, condition the avatar on the best pair of them, describe the joints.

    Args:
        person: as built.
        config: how anchors are chosen and matched.
        includes: frames that are to be anchors.
        excludes: frames that are not.
        on_progress: told of every candidate.
    """
    selection = select_anchors(
        person.build.avatar,
        person.crops,
        person.start,
        start=person.build.conditioning_rows[0],
        config=config.anchors,
        includes=_rows_of(person.start, includes),
        excludes=_rows_of(person.start, excludes),
        on_progress=on_progress,
    )
    pair = pair_from_anchors(selection)
    conditioned = condition_avatar(
        person.crops, person.start, person.build.avatar.body, person.ghn, pair
    )
    assert isinstance(conditioned, Avatar)
    descriptors = register_anchors(
        conditioned,
        person.crops,
        person.start,
        person.features,
        selection.anchors,
        config.matching.epsilon,
        person.ghn.joint_prototypes(),
    )
    problem = RefineProblem(
        crops=person.crops,
        initial=person.initial,
        model=person.model,
        avatar=conditioned,
        features=person.features,
        descriptors=descriptors,
        conditioning_rows=pair,
        selection=selection,
        draft=person.draft,
    )
    frames = person.crops_here.frame_index.numpy()
    valid = person.start.valid.cpu().numpy()
    stage = AnchorStage(
        frames=frames[valid],
        orientations=selection.orientations.cpu().numpy()[valid],
        anchors=tuple(int(frames[row]) for row in selection.anchors),
        scores={
            int(frames[row]): score
            for row, score in zip(selection.candidates, selection.scores, strict=True)
        },
        anchors_seeing=descriptors.counts.cpu().numpy(),
        backend=problem,
    )
    model = None if person.heatmaps is None else person.heatmaps.model
    heatmaps = look_at_anchors(model, conditioned, person.crops, person.start, pair)
    person = replace(person, avatar=conditioned, rows=pair, heatmaps=heatmaps)
    return person, stage


def _rows_of(motion: Motion, frames: frozenset[int]) -> list[int]:
    found = [motion_row(motion, frame) for frame in sorted(frames)]
    return [row for row in found if row is not None]
