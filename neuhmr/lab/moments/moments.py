"""What GHNeRF is trained and measured on: moments that several calibrated cameras saw."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from neuhmr.body.body25 import body25_points
from neuhmr.body.model_files import load_body_model
from neuhmr.body.smpl_model import PosedBody, SmplModel
from neuhmr.datasets.capture import VERTEX_MARGIN, Capture
from neuhmr.datasets.capture_reader import read_capture
from neuhmr.errors import DatasetError
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.lab.moments.surface_maps import SurfaceMaps
from neuhmr.lab.people.training_person import PersonTruth, read_packed_person

CAPTURE_FILES = ("cameras.json", "annots.npy", "intri.yml")


@dataclass(frozen=True)
class MomentView:
    """One picture."""

    image: UInt8[Tensor, "3 height width"]
    """sRGB, background included."""
    mask: Bool[Tensor, "height width"]
    keypoints: Float[Tensor, "25 3"]
    """BODY_25: x, y (px) and confidence; 0 where a keypoint is missing."""
    surface: SurfaceMaps | None = None
    """What a teacher says of the body's surface, where one was asked."""


@runtime_checkable
class Pictures(Protocol):
    """Where a moment's pictures come from."""

    def read(self, view: int) -> MomentView:
        """Read one of the moment's pictures."""
        ...


@dataclass(frozen=True)
class Moment:
    """One person at one moment, seen by several cameras."""

    name: str
    cameras: tuple[Camera, ...]
    T_camera_world: Float[Tensor, "views 4 4"]
    box: Float[Tensor, "2 3"]
    """Low and high corner of the subject's box (m, world)."""
    body: PosedBody | None
    """The naked body (m, world), where it is known."""
    pictures: Pictures

    def __len__(self) -> int:
        return len(self.cameras)


def read_moments(folder: Path, limit: int | None = None) -> list[Moment]:
    """Find all moments of a folder: of packed people, of one capture, or of several captures.

    Args:
        folder: with person_*.npz, or a capture, or a folder of captures.
        limit: people or captures to read at most.

    Raises:
        DatasetError: the folder holds neither, or a file cannot be used.
    """
    people = sorted(folder.glob("person_*.npz"))[:limit]
    if people:
        model = load_body_model()
        read = (moments_of_person(read_packed_person(path), model) for path in people)
        return [moment for moments in read for moment in moments]
    candidates = [folder, *sorted(path for path in folder.glob("*") if path.is_dir())]
    captures = [path for path in candidates if any((path / f).is_file() for f in CAPTURE_FILES)]
    if not captures:
        raise DatasetError(
            f"{folder} holds neither training people nor captures; make people with `neuhmr people "
            f"{folder} --preset views`, or give the folder of a capture."
        )
    return [
        moment for path in captures[:limit] for moment in moments_of_capture(read_capture(path))
    ]


def moments_of_person(person: PersonTruth, model: SmplModel) -> list[Moment]:
    """Put each pose's pictures into one world; poses seen only once are left out.

    The file has each picture's pose in its own camera's frame. A pose is the same in all of its
    pictures, so the rotations and the pelvis' places tell where the cameras stand to each other.
    The world's origin is the pelvis and its y axis the cameras' mean upward direction.

    Raises:
        DatasetError: the person was made with another body model.
    """
    if person.body_model != model.digest:
        raise DatasetError(
            f"person {person.seed} was made with body model {person.body_model}, this version has "
            f"{model.digest}; make the people again."
        )
    motion, moments = person.motion, []
    shaped = model.with_shape(motion.betas)
    for pose in person.pose_index.unique().tolist():
        rows = (person.pose_index == pose).nonzero()[:, 0]
        if len(rows) < 2:
            continue
        T_camera_root = Rigid(
            motion.global_orient[rows], motion.transl[rows] + shaped.joints_rest[0]
        )
        T_root_world = Rigid(_upright(T_camera_root.rotmat), torch.zeros(3))
        T_camera_world = T_camera_root @ T_root_world
        first = rows[0]
        T_world_camera = T_camera_world[0].inverse()
        posed = shaped.with_pose(
            motion.body_pose[first], motion.global_orient[first], motion.transl[first]
        )
        body = moved_body(posed, T_world_camera)
        cameras = tuple(person.cameras[int(row)] for row in rows)
        points = body25_points(body)
        pixels = [
            camera.project(T_camera_world[i].apply(points)) for i, camera in enumerate(cameras)
        ]
        keypoints = torch.cat([torch.stack(pixels), torch.ones(len(rows), 25, 1)], dim=-1)
        low, high = body.vertices.amin(dim=0), body.vertices.amax(dim=0)
        moments.append(
            Moment(
                name=f"person_{person.seed:08d}_{pose}",
                cameras=cameras,
                T_camera_world=T_camera_world.as_matrix(),
                box=torch.stack([low - VERTEX_MARGIN, high + VERTEX_MARGIN]),
                body=body,
                pictures=_PackedPictures(person, tuple(rows.tolist()), keypoints),
            )
        )
    return moments


def moments_of_capture(capture: Capture) -> list[Moment]:
    """List a capture's frames; pictures are read when they are asked for."""
    return [
        Moment(
            name=f"{capture.name}_{frame:06d}",
            cameras=capture.cameras,
            T_camera_world=capture.T_camera_world,
            box=capture.box(frame),
            body=None,
            pictures=_CapturePictures(capture, frame),
        )
        for frame in capture.frames
    ]


def on_black(
    picture: MomentView, gain: Float[Tensor, "3"] | None = None
) -> Float[Tensor, "4 height width"]:
    """Scale a picture's colors to [0, 1], black outside the person, and add the mask to them.

    Args:
        picture: what a camera saw.
        gain: what red, green and blue are scaled with on top, up to 1; None leaves them.
    """
    mask = picture.mask[None].float()
    color = picture.image.float() / 255.0
    if gain is not None:
        color = (color * gain[:, None, None]).clamp_max(1.0)
    return torch.cat([color * mask, mask])


def moved_body(posed: PosedBody, transform: Rigid) -> PosedBody:
    """Bring a posed body into another frame."""
    return PosedBody(
        vertices=transform.apply(posed.vertices),
        joints=transform.apply(posed.joints),
        bones=transform @ posed.bones,
        faces=posed.faces,
    )


def _upright(rotmats: Float[Tensor, "views 3 3"]) -> Float[Tensor, "3 3"]:
    """Find R_root_world whose world has the cameras' mean upward direction as +y."""
    up = torch.nn.functional.normalize(-rotmats[:, 1].mean(dim=0), dim=-1)
    # Any axis across will do; the pelvis' own axis least along `up` is never parallel to it.
    other = torch.eye(3)[int(up.abs().argmin())]
    x = torch.nn.functional.normalize(torch.linalg.cross(up, other), dim=-1)
    return torch.stack([x, up, torch.linalg.cross(x, up)], dim=-1)


@dataclass(frozen=True)
class _PackedPictures:
    person: PersonTruth
    rows: tuple[int, ...]
    keypoints: Float[Tensor, "views 25 3"]

    def read(self, view: int) -> MomentView:
        row = self.rows[view]
        image, mask = self.person.picture(row)
        return MomentView(image.permute(2, 0, 1), mask, self.keypoints[view])


@dataclass(frozen=True)
class _CapturePictures:
    capture: Capture
    frame: int

    def read(self, view: int) -> MomentView:
        found = self.capture.view(self.frame, view)
        if found.mask is None:
            raise DatasetError(
                f"Camera {self.capture.camera_names[view]} of {self.capture.name} has no mask at "
                f"frame {self.frame}; masks are needed in every view, make them first."
            )
        keypoints = torch.zeros(25, 3) if found.keypoints2d is None else found.keypoints2d
        return MomentView(found.image.permute(2, 0, 1), found.mask, keypoints)
