"""The two stages before refinement: make the person renderable, then describe its joints."""

from dataclasses import replace

import torch

from neuhmr.body.motion import Motion
from neuhmr.ghn.avatar import Avatar
from neuhmr.ghn.checkpoint import load_ghn
from neuhmr.progress import OnProgress
from neuhmr.refine.config import RefineConfig
from neuhmr.refine.groundwork import Groundwork, lay_groundwork
from neuhmr.refine.problem import complete_problem
from workbench.engine.interface import AnchorStage, motion_row
from workbench.engine.keypoints import load_heatmap_model, look_at_anchors
from workbench.engine.person import OpenedClip, Person, cut_out


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
    draft_config = config.at_rate(opened.clip.video.fps).draft
    groundwork = lay_groundwork(crops, motion, model, ghn, draft_config, on_progress)
    build, start = groundwork.build, groundwork.start
    assert isinstance(build.avatar, Avatar)
    found, missing = load_heatmap_model(ghn, opened.request.heatmaps, len(model.v_template))
    rows = build.conditioning_rows
    return Person(
        crops_here=crops_here,
        crops=crops,
        initial=motion,
        draft=groundwork.draft,
        start=start,
        model=model,
        ghn=ghn,
        build=build,
        features=groundwork.features,
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
    model = None if person.heatmaps is None else person.heatmaps.model
    problem = complete_problem(
        _groundwork_of(person),
        config,
        _rows_of(person.start, includes),
        _rows_of(person.start, excludes),
        on_progress,
        model,
    )
    selection, conditioned = problem.selection, problem.avatar
    assert isinstance(conditioned, Avatar)
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
        anchors_seeing=problem.descriptors.counts.cpu().numpy(),
        backend=problem,
    )
    pair = problem.conditioning_rows
    heatmaps = look_at_anchors(model, conditioned, person.crops, person.start, pair)
    person = replace(person, avatar=conditioned, rows=pair, heatmaps=heatmaps)
    return person, stage


def _groundwork_of(person: Person) -> Groundwork:
    return Groundwork(
        crops=person.crops,
        initial=person.initial,
        model=person.model,
        ghn=person.ghn,
        features=person.features,
        draft=person.draft,
        build=person.build,
    )


def _rows_of(motion: Motion, frames: frozenset[int]) -> list[int]:
    found = [motion_row(motion, frame) for frame in sorted(frames)]
    return [row for row in found if row is not None]
