"""The packed file of one training person: pictures, masks, cameras and true poses.

`person_SEED.npz` holds (n pictures, no pickle): `images` (JPEG bytes one after another) and
`image_ends` (n,), `masks_packed` (n, h, ceil(w / 8)), `height`, `width`, `K` (n, 3, 3),
`global_orient` (n, 3), `body_pose` (n, 69), `transl` (n, 3), `betas`, `pose_index` (n,),
`view_index` (n,), `seed`, `body_model`, `format`, `version`, and where masks as a segmenter gives
them were made, `estimated_masks_packed` like `masks_packed`. Poses are in each picture's own camera
frame, rotations axis-angle.
"""

import io
import zipfile
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from PIL import Image
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.clip.npz_writing import write_npz
from neuhmr.errors import DatasetError
from neuhmr.geometry.cameras import Camera

FORMAT = "neuhmr-training-person"
VERSION = 1
JPEG_QUALITY = 94


@dataclass(frozen=True, kw_only=True)
class PersonTruth(ABC):
    """What is known of one person that pictures show in several poses from several sides.

    The truth is the naked body's; clothes make the picture's silhouette up to about 3 cm larger.
    """

    seed: int
    cameras: Camera
    """One K per picture; height and width of the pictures."""
    motion: Motion
    """One row per picture, in its camera's frame; frame_index counts the pictures."""
    pose_index: Int[Tensor, " pictures"]
    """Pictures with equal numbers show the same pose at the same moment from other sides."""
    view_index: Int[Tensor, " pictures"]
    body_model: str
    """Digest of the body model that the truth refers to."""

    @abstractmethod
    def picture(
        self, row: int
    ) -> tuple[UInt8[Tensor, "height width 3"], Bool[Tensor, "height width"]]:
        """Give one picture and its exact mask."""

    def __len__(self) -> int:
        return len(self.pose_index)


@dataclass(frozen=True, kw_only=True)
class TrainingPerson(PersonTruth):
    """One person with all pictures at hand."""

    images: UInt8[Tensor, "pictures height width 3"]
    """sRGB, background included."""
    masks: Bool[Tensor, "pictures height width"]
    """Exact: true where the picture shows the clothed person."""
    estimated_masks: Bool[Tensor, "pictures height width"] | None = None
    """The masks with a segmenter's errors; older files have none."""

    @property
    def input_masks(self) -> Bool[Tensor, "pictures height width"]:
        """Masks as a user's clip would have them: estimated where there are any, else exact."""
        return self.masks if self.estimated_masks is None else self.estimated_masks

    def picture(
        self, row: int
    ) -> tuple[UInt8[Tensor, "height width 3"], Bool[Tensor, "height width"]]:
        """Give one picture and its exact mask."""
        return self.images[row], self.masks[row]


@dataclass(frozen=True, kw_only=True)
class PackedPerson(PersonTruth):
    """One person whose pictures stay packed until they are asked for, in a tenth of the memory."""

    jpegs: tuple[bytes, ...]
    masks_packed: UInt8[np.ndarray, "pictures height packed_width"]
    """Eight pixels of a row in a byte."""

    def picture(
        self, row: int
    ) -> tuple[UInt8[Tensor, "height width 3"], Bool[Tensor, "height width"]]:
        """Unpack one picture and its exact mask; 512 x 512 pixels take about 2 ms."""
        image = torch.from_numpy(_decode(self.jpegs[row]))
        return image, _masks(self.masks_packed[row], self.cameras.width)


def write_training_person(path: Path, person: TrainingPerson) -> None:
    """Pack a person into one file, all or nothing."""
    encoded = [_encode(image) for image in person.images.numpy()]
    motion = person.motion
    arrays = {
        "format": np.array(FORMAT),
        "version": np.array(VERSION),
        "seed": np.array(person.seed),
        "images": np.frombuffer(b"".join(encoded), np.uint8),
        "image_ends": np.cumsum([len(data) for data in encoded]),
        "masks_packed": np.packbits(person.masks.numpy(), axis=-1),
        "height": np.array(person.cameras.height),
        "width": np.array(person.cameras.width),
        "K": person.cameras.K.numpy(),
        "global_orient": motion.global_orient_axisangle().numpy(),
        "body_pose": motion.body_pose_axisangle().numpy(),
        "transl": motion.transl.numpy(),
        "betas": motion.betas.numpy(),
        "pose_index": person.pose_index.numpy(),
        "view_index": person.view_index.numpy(),
        "body_model": np.array(person.body_model),
    }
    if person.estimated_masks is not None:
        arrays["estimated_masks_packed"] = np.packbits(person.estimated_masks.numpy(), axis=-1)
    write_npz(path, True, **arrays)


def read_training_person(path: Path) -> TrainingPerson:
    """Read a packed person; 24 pictures of 256 x 256 take about 40 ms.

    Raises:
        DatasetError: the file is missing, damaged or of another kind.
    """
    arrays = _read_arrays(path)
    width, estimated = int(arrays["width"]), arrays.get("estimated_masks_packed")
    return TrainingPerson(
        **_truth(arrays),
        images=torch.from_numpy(np.stack([_decode(data) for data in _jpegs(arrays)])),
        masks=_masks(arrays["masks_packed"], width),
        estimated_masks=None if estimated is None else _masks(estimated, width),
    )


def read_packed_person(path: Path) -> PackedPerson:
    """Read a packed person and leave its pictures packed.

    Raises:
        DatasetError: the file is missing, damaged or of another kind.
    """
    arrays = _read_arrays(path)
    return PackedPerson(
        **_truth(arrays), jpegs=tuple(_jpegs(arrays)), masks_packed=arrays["masks_packed"]
    )


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as data:
            arrays = {name: data[name] for name in data.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DatasetError(
            f"{path} cannot be read as a training person ({error}); generate it again."
        ) from error
    if str(arrays.get("format")) != FORMAT or int(arrays.get("version", -1)) != VERSION:
        raise DatasetError(
            f"{path} is no {FORMAT} file of version {VERSION}; generate it with this version."
        )
    return arrays


def _jpegs(arrays: dict[str, np.ndarray]) -> list[bytes]:
    ends, data = arrays["image_ends"].tolist(), arrays["images"].tobytes()
    return [data[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def _truth(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Read the fields of `PersonTruth`."""
    return dict(
        seed=int(arrays["seed"]),
        cameras=Camera(_float(arrays["K"]), int(arrays["height"]), int(arrays["width"])),
        motion=Motion.from_axisangle(
            _float(arrays["global_orient"]),
            _float(arrays["body_pose"]),
            _float(arrays["transl"]),
            _float(arrays["betas"]),
        ),
        pose_index=torch.from_numpy(arrays["pose_index"]),
        view_index=torch.from_numpy(arrays["view_index"]),
        body_model=str(arrays["body_model"]),
    )


def _masks(packed: np.ndarray, width: int) -> Bool[Tensor, "*pictures height width"]:
    return torch.from_numpy(np.unpackbits(packed, axis=-1, count=width).astype(bool))


def _float(array: np.ndarray) -> Float[Tensor, "..."]:
    return torch.from_numpy(array.astype(np.float32))


def _encode(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return buffer.getvalue()


def _decode(data: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(data)))
