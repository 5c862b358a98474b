"""Where joints are found in the picture: matched, by MediaPipe, and initially (NeuHMR's Figure 5).

All distances are to the true place in the picture, in pixels of a person 150 px tall. Matches are
those of the initial poses, before anything is moved. MediaPipe's landmarks are no SMPL joints
(its hips are wider apart); each is compared with its own place on the true body.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.anchors.frame_poses import frame_joints, pose_frame
from neuhmr.anchors.visibility import render_joint_depths
from neuhmr.body.local_pose import LocalPose
from neuhmr.body.skeleton import MATCHING_JOINTS, SMPL_JOINT_NAMES
from neuhmr.initial.fit_terms import Evidence
from neuhmr.initial.landmark_body import LandmarkBody
from neuhmr.initial.landmarks import landmark_index
from neuhmr.lab.benchmarks.pose.keypoints import has_detector
from neuhmr.lab.benchmarks.pose.methods import ABLATED
from neuhmr.lab.benchmarks.pose.smplify import keypoint_evidence, landmark_body
from neuhmr.lab.benchmarks.pose.workspace import Workspace
from neuhmr.lab.benchmarks.program_digest import program_digest
from neuhmr.lab.people.errors.wrong_poses import REFERENCE_HEIGHT, person_height
from neuhmr.metrics.pose_scores import common_rows
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.settings import RefineConfig, preset
from neuhmr.refine.terms.matching import match_joints

MIN_VISIBILITY = 0.5
"""Landmarks that MediaPipe trusts less do not count, as in the paper."""


@dataclass(frozen=True, kw_only=True)
class JointDistances:
    """Distances of one joint over frames (px at 150 px person height)."""

    joint: str
    initial: list[float]
    """Of the initial joint, in frames with an accepted match."""
    matched: list[float]
    """Of the match, in the same frames."""
    detected: list[float]
    """Of MediaPipe's landmark, in frames in which it is sure; empty for joints it has not."""
    frames: int
    """Frames that were searched."""

    def as_dict(self) -> dict[str, object]:
        """Summarize for JSON."""
        nearer = [new < old for old, new in zip(self.initial, self.matched, strict=True)]
        return {
            "joint": self.joint,
            "frames": self.frames,
            "matched_share": len(self.matched) / max(1, self.frames),
            "nearer_share": fmean(nearer) if nearer else None,
            "initial_px": _summary(self.initial),
            "matched_px": _summary(self.matched),
            "mediapipe_px": _summary(self.detected),
        }


def measure_matches(work: Workspace) -> list[JointDistances]:
    """Match every frame's joints in the initial poses, or read what was measured before.

    Raises:
        ClipError: the clip cannot be prepared.
    """
    laboratory, config = work.laboratory, preset(ABLATED)
    detects = has_detector()
    key = work.key("matches", repr(config), laboratory.weights, detects, program_digest(__name__))
    found = laboratory.cache.find(key)
    if found is None:
        problem = work.prepared(config).problem
        table = _distances(work, problem, config)
        found = {"joints": [vars(row) for row in table]}
        laboratory.cache.keep(key, found)
    return [JointDistances(**row) for row in found["joints"]]


def pool_matches(clips: Sequence[list[JointDistances]]) -> list[JointDistances]:
    """Put the frames of all clips together, joint by joint, and all joints at the end."""
    pooled = [_joined(rows[0].joint, rows) for rows in zip(*clips, strict=True)]
    return [*pooled, _joined("all joints", pooled)] if pooled else []


def _joined(name: str, parts: Sequence[JointDistances]) -> JointDistances:
    return JointDistances(
        joint=name,
        initial=[number for part in parts for number in part.initial],
        matched=[number for part in parts for number in part.matched],
        detected=[number for part in parts for number in part.detected],
        frames=sum(part.frames for part in parts),
    )


@torch.no_grad()
def _distances(
    work: Workspace, problem: RefineProblem, config: RefineConfig
) -> list[JointDistances]:
    rows, truth_rows = common_rows(problem.initial.to("cpu"), work.truth)
    truth = work.truth[truth_rows]
    shaped = work.laboratory.model.with_shape(truth.betas)
    cameras = problem.crops.cameras.to("cpu")[rows]
    true_pixels = cameras.project(frame_joints(shaped, truth))
    scales = REFERENCE_HEIGHT / person_height(truth, shaped, cameras)[:, 0, 0]
    initial: list[list[float]] = [[] for _ in MATCHING_JOINTS]
    matched: list[list[float]] = [[] for _ in MATCHING_JOINTS]
    for place, row in enumerate(rows.tolist()):
        posed = pose_frame(problem.body, problem.initial, row)
        matches = match_joints(
            problem.features[row],
            problem.descriptors_of(row),
            render_joint_depths(problem.avatar, posed, problem.crops.cameras[row]),
            problem.image_size,
            config.matching,
            torch.Generator().manual_seed(row),
        )
        target = true_pixels[place, list(MATCHING_JOINTS)]
        before = (matches.candidates[:, 0].cpu() - target).norm(dim=-1) * scales[place]
        after = (matches.targets.cpu() - target).norm(dim=-1) * scales[place]
        for joint in matches.accepted.nonzero()[:, 0].tolist():
            initial[joint].append(round(float(before[joint]), 3))
            matched[joint].append(round(float(after[joint]), 3))
    detected = _detected(work, rows) if has_detector() else {}
    return [
        JointDistances(
            joint=SMPL_JOINT_NAMES[joint],
            initial=initial[place],
            matched=matched[place],
            detected=detected.get(SMPL_JOINT_NAMES[joint], []),
            frames=len(rows),
        )
        for place, joint in enumerate(MATCHING_JOINTS)
    ]


def _detected(work: Workspace, rows: Tensor) -> dict[str, list[float]]:
    """Measure MediaPipe's landmarks of the same frames; a pelvis is the middle of two hips."""
    frames = work.initial.frame_index[rows]
    _, truth_rows = common_rows(work.initial, work.truth)
    truth = work.truth[truth_rows]
    model = work.laboratory.model
    evidence = keypoint_evidence(work.clip, work.keypoints().landmarks, frames)
    shaped = model.with_shape(truth.betas)
    scales = REFERENCE_HEIGHT / person_height(truth, shaped, evidence.camera)[:, 0, 0]
    target = _true_landmarks(
        landmark_body(model, truth.betas), LocalPose.from_motion(truth), truth.betas, evidence
    )
    found: dict[str, list[float]] = {}
    for joint in MATCHING_JOINTS:
        name = SMPL_JOINT_NAMES[joint]
        sources = _landmarks_of(name)
        if not sources:
            continue
        offset = (evidence.points2d - target)[:, sources].mean(dim=1)
        sure = (evidence.weights[:, sources] > MIN_VISIBILITY).all(dim=1)
        distances = offset.norm(dim=-1) * scales
        found[name] = [round(float(distance), 3) for distance in distances[sure]]
    return found


def _landmarks_of(joint: str) -> list[int]:
    if joint == "pelvis":
        return [landmark_index("left_hip"), landmark_index("right_hip")]
    try:
        return [landmark_index(joint)]
    except ValueError:
        return []


def _true_landmarks(
    body: LandmarkBody, pose: LocalPose, betas: Float[Tensor, " betas"], evidence: Evidence
) -> Float[Tensor, "frames 33 2"]:
    bones = body.bones(betas, pose.rotmat, pose.transl)
    return evidence.camera.project(body.carry(betas, bones)[0])


def _summary(values: list[float]) -> dict[str, float] | None:
    if not values:
        return None
    median, high = np.percentile(values, [50.0, 90.0])
    return {"mean": fmean(values), "median": float(median), "p90": float(high)}
