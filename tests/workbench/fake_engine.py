"""A toy behind the window: a striped person that walks, and an optimizer that pulls it right.

It fulfils `workbench.engine.interface.Engine` in milliseconds, so that every button can be pressed
in tests.
"""

import threading
import time
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import torch

from neuhmr.body.motion import Motion
from neuhmr.clip.mask_changes import MaskChanges
from neuhmr.clip.masks import MaskSequence, pack_masks
from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import ClipError, OutputError
from neuhmr.geometry.cameras import Camera, camera_from_focal
from neuhmr.progress import Progress
from neuhmr.refine.correction.skeleton import Skeleton
from neuhmr.refine.settings import RefineConfig, with_values
from tests.workbench.fake_heatmaps import BOX, paint_person, report_keypoints, view_person
from tests.workbench.fake_optimizer import FakeOptimizer
from tests.workbench.fake_stages import (
    CROP_SIZE,
    toy_depths,
    toy_offsets,
    toy_pixels,
    toy_similarity,
)
from tests.workbench.synthetic_figure import (
    NUM_FRAMES,
    REST,
    disturbed,
    figure_joints,
    figure_vertices,
    true_motion,
    tube_faces,
)
from workbench.engine.avatar_rendering import AvatarRendering, FrameQuality
from workbench.engine.exchange import BodyFrame, ExportRequest, motion_row
from workbench.engine.interface import AnchorStage, AvatarStage, Footage
from workbench.engine.keypoint_report import KeypointReport

HEIGHT, WIDTH, FPS = 360, 640, 24.0
NUM_JOINTS = 24


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
    heatmaps_missing: str = ""
    has_several: bool = False
    """Whether the poses' file holds persons "1" and "4"."""
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

    def open(self, request: OpenRequest, on_progress) -> "FakeFootage":
        self._begin("open")
        if request.clip.suffix not in (".mp4", ".mov"):
            raise ClipError(f"{request.clip} is a text file, a video was expected; check the path.")
        self._work("Reading the video", on_progress, 2)
        truth = true_motion()
        changes = MaskChanges(invert=request.invert_masks, grow=request.grow_masks)
        people = {"1": disturbed(truth, 0.35), "4": beside(truth)} if self.has_several else {}
        person = (request.person or "1") if people else ""
        return FakeFootage(
            engine=self,
            path=request.clip,
            video=FakeVideo(),
            camera=camera_from_focal(560.0, HEIGHT, WIDTH),
            camera_is_guessed=False,
            masks=replace(toy_masks(), changes=changes),
            masks_digest=str(changes),
            initial=people.get(person, disturbed(truth, 0.35)) if self.has_poses else None,
            people=people,
            person=person,
            truth=truth if self.has_truth else None,
            source="turn.poses.npz",
            body_name="toy body",
            faces=tube_faces(),
        )

    def default_config(self) -> RefineConfig:
        return with_values(
            RefineConfig(),
            {"weights.rgb": 0.2, "weights.joint": 1.0, "matching.num_samples": 64},
        )

    def export_kinds(self):
        return ("motion", "amass", "bvh")


@dataclass(frozen=True, kw_only=True, eq=False)
class FakeFootage(Footage):
    engine: FakeEngine

    def initialise(self, on_progress) -> "FakeFootage":
        self.engine._begin("initialise")
        self.engine._work("Finding the person", on_progress)
        return replace(self, initial=disturbed(true_motion(), 0.35), source="initializer")

    def build_avatar(self, config, on_progress) -> "FakeAvatar":
        self.engine._begin("build_avatar")
        self.engine._work("Cutting out the person", on_progress)
        ious = {frame: 0.75 + 0.2 * float(np.sin(frame / 7.0)) for frame in range(NUM_FRAMES)}
        return FakeAvatar(
            config=config,
            conditioning_frames=(3, 27),
            silhouette_iou=ious,
            crop_size=CROP_SIZE,
            heatmaps_missing=self.engine.heatmaps_missing,
            footage=self,
        )

    def read_motion(self, path: Path) -> Motion:
        assert self.initial is not None
        return replace(self.initial, transl=torch.from_numpy(np.load(path)["transl"]))

    def pose(self, motion: Motion, frame: int) -> BodyFrame | None:
        row = motion_row(motion, frame)
        if row is None:
            return None
        vertices, joints = figure_vertices(motion, row)
        return BodyFrame(vertices, joints)

    def joints(self, motion: Motion) -> np.ndarray:
        return figure_joints(motion)

    def skeleton(self, motion: Motion) -> Skeleton:
        return Skeleton(REST)

    def overlay(self, image, frame, bodies) -> np.ndarray:
        self.engine.threads.add(threading.current_thread().name)
        camera = self.camera.resized(image.shape[0], image.shape[1])
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

    def export(self, motion, request: ExportRequest, on_progress) -> tuple[str, ...]:
        self.engine._begin("export")
        self.engine._work("Writing", on_progress, 3)
        if not request.path.parent.is_dir():
            raise OutputError(f"{request.path.parent} does not exist; choose another folder.")
        with request.path.open("wb") as file:
            np.savez(file, transl=motion.transl.numpy())
        return ("The toy knows no world.",)


@dataclass(frozen=True, kw_only=True, eq=False)
class FakeAvatar(AvatarStage):
    footage: FakeFootage

    def register(self, config, includes, excludes, on_progress):
        engine = self.footage.engine
        engine._begin("register")
        engine._work("Rendering candidates", on_progress)
        angles = 2.0 * np.pi * np.arange(NUM_FRAMES) / NUM_FRAMES
        orientations = np.stack(
            [np.sin(angles), 0.1 * np.sin(3 * angles), -np.cos(angles)], axis=-1
        )
        orientations /= np.linalg.norm(orientations, axis=-1, keepdims=True)
        free = [f for f in range(0, NUM_FRAMES, 8) if f not in excludes and f not in includes]
        anchors = (*sorted(includes - excludes), *free)
        offsets = np.stack([toy_offsets(frame) for frame in anchors])
        anchors_seeing = (offsets < config.matching.epsilon).sum(axis=0)
        anchors_seeing[9] = 0
        return self, FakeAnchors(
            config=config,
            frames=np.arange(NUM_FRAMES),
            orientations=orientations,
            anchors=anchors,
            scores={f: 0.1 * f - 2.0 for f in range(0, NUM_FRAMES, 4)},
            anchors_seeing=anchors_seeing,
            footage=self.footage,
        )

    def crop(self, frame: int) -> np.ndarray | None:
        vertices, _ = figure_vertices(true_motion(), frame)
        return paint_person(vertices, window_camera(), (200, 120, 90))

    def depth_errors(self, frame: int) -> np.ndarray | None:
        """From 1 cm at the pelvis to 12.5 cm at the last joint; of every fifth frame unknown."""
        return None if frame % 5 == 4 else 0.01 + 0.005 * np.arange(NUM_JOINTS)

    def preview(self, motion, frame, stride) -> np.ndarray | None:
        self.footage.engine._begin("preview")
        time.sleep(self.footage.engine.pause_s)
        vertices, _ = figure_vertices(motion, frame)
        image = paint_person(vertices, window_camera(), (190, 130, 100))[::stride, ::stride]
        depth = np.where(image.any(axis=-1), 3.0, np.nan).astype(np.float32)
        return AvatarRendering(image=image, depth=depth)

    def quality(self, motion, frame) -> FrameQuality | None:
        self.footage.engine._begin("quality")
        if motion_row(motion, frame) is None:
            return None
        return FrameQuality(psnr_db=20.0 + frame % 5, iou=0.9 - 0.01 * (frame % 7))

    def view(self, motion, frame, viewpoint, size):
        self.footage.engine._begin("view")
        return view_person(motion, frame, viewpoint, size).image

    def conditioned_on(self, frames) -> "FakeAvatar":
        self.footage.engine._begin("conditioned_on")
        return replace(self, conditioning_frames=frames)

    def keypoints(self, motion, frame, source) -> KeypointReport | None:
        self.footage.engine._begin("keypoints")
        time.sleep(self.footage.engine.pause_s)
        if motion_row(motion, frame) is None:
            return None
        return report_keypoints(motion, frame, source, self.footage.camera, CROP_SIZE)

    def view_heatmaps(self, motion, frame, source, viewpoint):
        self.footage.engine._begin("view_heatmaps")
        return view_person(motion, frame, viewpoint)


@dataclass(frozen=True, kw_only=True, eq=False)
class FakeAnchors(AnchorStage):
    footage: FakeFootage

    def make_optimizer(self, config, scope, start=None) -> FakeOptimizer:
        self.footage.engine._begin("make_optimizer")
        return FakeOptimizer(self.footage.engine, self.footage, config, scope, start)

    def depth_tests(self):
        self.footage.engine._begin("depth_tests")
        pixels = [toy_pixels(self.footage.camera, frame) for frame in self.anchors]
        return toy_depths(self.anchors, np.stack(pixels))

    def similarity_map(self, frame, joint) -> np.ndarray | None:
        self.footage.engine._begin("similarity_map")
        if self.anchors_seeing[joint] == 0:
            return None
        return toy_similarity(frame, joint)


@cache
def toy_masks() -> MaskSequence:
    """Take a box in the picture's middle for the person."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[100:340, 260:380] = True
    return pack_masks(mask for _ in range(NUM_FRAMES))


def beside(motion: Motion) -> Motion:
    """Put somebody a meter to the right of a motion's person."""
    return replace(motion, transl=motion.transl + torch.tensor([1.0, 0.0, 0.0]))


def window_camera() -> Camera:
    """See the box that is cut out of every frame."""
    left, top, width, _ = (torch.tensor(number) for number in BOX)
    height, crop_width = CROP_SIZE
    camera = camera_from_focal(560.0, HEIGHT, WIDTH).cropped(left, top, int(BOX[3]), int(width))
    return camera.resized(height, crop_width)
