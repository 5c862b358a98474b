"""A toy behind the window: a striped person that walks, and an optimizer that pulls it right.

It fulfils `workbench.engine.Engine` in milliseconds, so that every button can be pressed in tests.
"""

import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from synthetic_figure import figure_joints, figure_vertices, tube_faces

from neuhmr.body.motion import Motion
from neuhmr.body.skeleton import MATCHING_JOINTS
from neuhmr.errors import ClipError, OutputError
from neuhmr.geometry.cameras import Camera, camera_from_focal
from neuhmr.progress import Progress
from workbench.engine import (
    AnchorStage,
    AvatarStage,
    BodyFrame,
    ExportRequest,
    Footage,
    FrameVerdicts,
    JointReport,
    RefineSettings,
    StepReport,
    motion_row,
)
from workbench.open_request import OpenRequest

HEIGHT, WIDTH, NUM_FRAMES, FPS = 360, 640, 48, 24.0
CROP_SIZE = (240, 180)
NUM_JOINTS = 24
GIVEN_UP = (3, 4, 9)
"""Frames whose refined pose the toy finds worse."""


class FakeVideo:
    """A drawn scene: a floor, a wall, and stripes that move with time."""

    num_frames, fps, height, width = NUM_FRAMES, FPS, HEIGHT, WIDTH

    def frame(self, index: int) -> np.ndarray:
        if not 0 <= index < NUM_FRAMES:
            raise IndexError(index)
        rows = np.linspace(0.0, 1.0, HEIGHT)[:, None, None]
        image = 90 + 60 * rows * np.array([1.0, 0.95, 0.85]) * np.ones((1, WIDTH, 1))
        image[int(0.8 * HEIGHT) :] *= 0.7
        image[:, (index * 5) % WIDTH : (index * 5) % WIDTH + 6] = 200
        return image.astype(np.uint8)


@dataclass
class FakeEngine:
    """Counts its calls; `pause_s` makes every unit of work take that long."""

    device: str = "cpu"
    pause_s: float = 0.0
    has_poses: bool = True
    has_truth: bool = True
    total_steps: int = 40
    failures: dict[str, Exception] = field(default_factory=dict)
    """What a verb raises instead of working, by its name."""
    calls: list[str] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    """Names of the threads that computed."""

    def _begin(self, verb: str) -> None:
        self.calls.append(verb)
        self.threads.add(threading.current_thread().name)
        if verb in self.failures:
            raise self.failures[verb]

    def _work(self, label: str, on_progress, count: int = 8) -> None:
        for done in range(count):
            on_progress(Progress(label, done, count))
            time.sleep(self.pause_s)
        on_progress(Progress(label, count, count))

    def open(self, request: OpenRequest, on_progress) -> Footage:
        self._begin("open")
        if request.clip.suffix not in (".mp4", ".mov"):
            raise ClipError(f"{request.clip} is a text file, a video was expected; check the path.")
        self._work("Reading the video", on_progress, 2)
        truth = true_motion()
        return Footage(
            path=request.clip,
            video=FakeVideo(),
            camera=camera_from_focal(560.0, HEIGHT, WIDTH),
            camera_is_guessed=False,
            has_masks=True,
            initial=disturbed(truth, 0.35) if self.has_poses else None,
            truth=truth if self.has_truth else None,
            source="turn.poses.npz",
            body_name="toy body",
            faces=tube_faces(),
        )

    def initialise(self, footage: Footage, on_progress) -> Footage:
        self._begin("initialise")
        self._work("Finding the person", on_progress)
        return replace(footage, initial=disturbed(true_motion(), 0.35), source="initializer")

    def build_avatar(self, footage: Footage, on_progress) -> AvatarStage:
        self._begin("build_avatar")
        self._work("Cutting out the person", on_progress)
        ious = {frame: 0.75 + 0.2 * float(np.sin(frame / 7.0)) for frame in range(NUM_FRAMES)}
        return AvatarStage(conditioning_frames=(3, 27), silhouette_iou=ious, crop_size=CROP_SIZE)

    def register(self, footage, avatar, includes, excludes, on_progress):
        self._begin("register")
        self._work("Rendering candidates", on_progress)
        angles = 2.0 * np.pi * np.arange(NUM_FRAMES) / NUM_FRAMES
        orientations = np.stack(
            [np.sin(angles), 0.1 * np.sin(3 * angles), -np.cos(angles)], axis=-1
        )
        orientations /= np.linalg.norm(orientations, axis=-1, keepdims=True)
        free = [f for f in range(0, NUM_FRAMES, 8) if f not in excludes and f not in includes]
        anchors = (*sorted(includes - excludes), *free)
        anchors_seeing = np.full(NUM_JOINTS, len(anchors))
        anchors_seeing[9] = 0
        return avatar, AnchorStage(
            frames=np.arange(NUM_FRAMES),
            orientations=orientations,
            anchors=anchors,
            scores={f: 0.1 * f - 2.0 for f in range(0, NUM_FRAMES, 4)},
            anchors_seeing=anchors_seeing,
        )

    def default_settings(self) -> RefineSettings:
        return RefineSettings(
            lambda_rgb=0.2, lambda_geo=1.0, lambda_joint=1.0, sigma_px=4.0, num_candidates=64,
            epsilon_m=0.2, learning_rate=1e-3,
        )  # fmt: skip

    def make_refiner(self, footage, avatar, anchors, on_progress) -> "FakeOptimizer":
        self._begin("make_refiner")
        return FakeOptimizer(self, footage)

    def read_motion(self, footage: Footage, path: Path) -> Motion:
        shift = np.load(path)["transl"]
        return replace(footage.initial, transl=torch.from_numpy(shift))

    def pose(self, footage: Footage, motion: Motion, frame: int) -> BodyFrame | None:
        row = motion_row(motion, frame)
        if row is None:
            return None
        vertices, joints = figure_vertices(motion, row)
        return BodyFrame(vertices, joints)

    def joints(self, footage: Footage, motion: Motion) -> np.ndarray:
        return figure_joints(motion)

    def crop(self, avatar: AvatarStage, frame: int) -> np.ndarray | None:
        return _tile(frame, (200, 120, 90))

    def preview(self, footage, avatar, motion, frame, stride) -> np.ndarray | None:
        self._begin("preview")
        time.sleep(self.pause_s)
        return _tile(frame, (190, 130, 100))[::stride, ::stride]

    def overlay(self, footage, image, frame, bodies) -> np.ndarray:
        self.threads.add(threading.current_thread().name)
        camera = _camera_of(footage, image)
        painted = image.copy()
        for body in bodies:
            pixels = camera.project(torch.from_numpy(body.vertices)).numpy().astype(int)
            inside = (
                (pixels >= 0).all(axis=1)
                & (pixels[:, 0] < image.shape[1])
                & (pixels[:, 1] < image.shape[0])
            )
            painted[pixels[inside, 1], pixels[inside, 0]] = 255 * np.array(body.color)
        return painted

    def export_kinds(self):
        return ("motion", "amass", "bvh")

    def export(self, footage, motion, request: ExportRequest, on_progress) -> None:
        self._begin("export")
        self._work("Writing", on_progress, 3)
        if not request.path.parent.is_dir():
            raise OutputError(f"{request.path.parent} does not exist; choose another folder.")
        with request.path.open("wb") as file:
            np.savez(file, transl=motion.transl.numpy())


class FakeOptimizer:
    """Goes from the initial poses to the true ones, a part of the way each step."""

    def __init__(self, engine: FakeEngine, footage: Footage) -> None:
        self.engine = engine
        self.footage = footage
        self.steps = 0
        self.settings: list[RefineSettings] = []

    def step(self, settings: RefineSettings) -> StepReport:
        self.engine._begin("step")
        time.sleep(self.engine.pause_s)
        self.steps += 1
        self.settings.append(settings)
        share = 1.0 - 0.93**self.steps
        total = self.engine.total_steps
        left = float(np.exp(-4.0 * self.steps / total))
        return StepReport(
            step=self.steps,
            total_steps=total,
            terms={
                "rgb": 0.02 * settings.lambda_rgb * (left + 0.1),
                "geo": 0.3 * settings.lambda_geo * (left + 0.05),
                "joint": 0.8 * settings.lambda_joint * (left + 0.02),
            },
            learning_rate=settings.learning_rate * (1.0 - self.steps / (total + 1)),
            residual_angle_deg=8.0 * share,
            motion=disturbed(true_motion(), 0.35 * (1.0 - share)),
            is_finished=self.steps >= total,
        )

    def save(self, path: Path) -> None:
        path.write_text(str(self.steps))

    def load(self, path: Path) -> None:
        if "load" in self.engine.failures:
            raise self.engine.failures["load"]
        self.steps = int(path.read_text())

    def judge(self, on_progress) -> FrameVerdicts:
        self.engine._begin("judge")
        self.engine._work("Comparing before and after", on_progress)
        share = 0.93**self.steps
        refined, initial = disturbed(true_motion(), 0.35 * share), self.footage.initial
        transl = refined.transl.clone()
        transl[list(GIVEN_UP)] = initial.transl[list(GIVEN_UP)] + 1.0  # Tells it apart.
        return FrameVerdicts(
            step=self.steps,
            motion=replace(refined, transl=transl),
            given_up=GIVEN_UP,
            iou_before=0.7,
            iou_after=0.9,
        )

    def inspect(self, frame: int, settings: RefineSettings) -> JointReport | None:
        rng = np.random.default_rng(frame)
        projected = rng.uniform((40, 20), (140, 220), (NUM_JOINTS, 2)).astype(np.float32)
        candidates = {
            j: projected[j] + rng.normal(0, settings.sigma_px, (65, 2)).astype(np.float32)
            for j in MATCHING_JOINTS
        }
        similarity = {j: rng.uniform(0.2, 0.95, 65).astype(np.float32) for j in MATCHING_JOINTS}
        winners = np.full((NUM_JOINTS, 2), np.nan, np.float32)
        best = np.full(NUM_JOINTS, np.nan, np.float32)
        for j in MATCHING_JOINTS:
            winners[j] = candidates[j][similarity[j].argmax()]
            best[j] = similarity[j].max()
        matched = np.isin(np.arange(NUM_JOINTS), [j for j in MATCHING_JOINTS if j % 5])
        return JointReport(
            frame=frame,
            visible=rng.uniform(size=NUM_JOINTS) > 0.3,
            matched=matched,
            verdicts=tuple(
                "" if j not in MATCHING_JOINTS else "accepted" if matched[j] else "occluded"
                for j in range(NUM_JOINTS)
            ),
            similarity=best,
            projected=projected,
            winners=winners,
            candidates=candidates,
            candidate_similarity=similarity,
        )


def true_motion() -> Motion:
    """A person that turns once about itself, 3.2 m before the camera."""
    frames = torch.arange(NUM_FRAMES, dtype=torch.float32)
    turn = 2.0 * torch.pi * frames / NUM_FRAMES
    global_orient = torch.zeros(NUM_FRAMES, 3)
    global_orient[:, 1] = turn
    body_pose = torch.zeros(NUM_FRAMES, 69)
    for joint, axis, size in ((16, 2, -1.1), (17, 2, 1.1), (18, 1, -0.5), (19, 1, 0.5)):
        swing = 1.0 + 0.3 * torch.sin(turn * 2)
        body_pose[:, 3 * (joint - 1) + axis] = size * swing
    transl = torch.tensor([0.1, 0.1, 3.2]).expand(NUM_FRAMES, 3).clone()
    return Motion.from_axisangle(global_orient, body_pose, transl, torch.zeros(10))


def disturbed(motion: Motion, size: float) -> Motion:
    """Turn every joint by about `size` (rad), the same way for the same frame."""
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(1, 69, generator=generator) * size
    return Motion.from_axisangle(
        motion.global_orient_axisangle(),
        motion.body_pose_axisangle() + noise,
        motion.transl,
        motion.betas,
    )


def _camera_of(footage: Footage, image: np.ndarray) -> Camera:
    return footage.camera.resized(image.shape[0], image.shape[1])


def _tile(frame: int, color: tuple[int, int, int]) -> np.ndarray:
    height, width = CROP_SIZE
    image = np.zeros((height, width, 3), np.uint8)
    image[20:220, 60:120] = color
    image[60:80, 20:160] = color
    image[frame % 200 : frame % 200 + 4] //= 2
    return image
