"""Masks in files of data: COCO's JSON, SAM 2's arrays and dictionaries, PHALP's results."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool
from PIL import Image, ImageDraw

from neuhmr.clip.mask_files.archives import StreamedArray
from neuhmr.clip.mask_files.found import MOST_PIXELS, Draw, FoundMasks, UnusableMasks
from neuhmr.clip.mask_files.run_lengths import draw_run_lengths, is_run_lengths
from neuhmr.files.stand_ins import as_array

_ARRAYS = ("masks", "mask", "segmentation", "segmentations", "video_segments", "labels")
_IDS = ("object_ids", "obj_ids", "ids", "track_ids")
_FRAMES = ("frame_index", "frame_idx", "frame_ids", "frames", "frame_numbers")
_PHALP = ("mask", "tid", "tracked_time")
_DIGITS = re.compile(r"(\d+)\D*$")
_MOST_OBJECTS = 64


def read_tree(tree: Any) -> FoundMasks:
    """Read whatever a loader found.

    Raises:
        UnusableMasks: these are no masks of a known kind.
    """
    if isinstance(tree, Mapping):
        first = next(iter(tree.values()), None)
        if isinstance(first, Mapping) and all(key in first for key in _PHALP):
            return _phalp(tree)
        if isinstance(tree.get("annotations"), list):
            return _coco(tree["annotations"], tree.get("images"))
        name = next((name for name in _ARRAYS if name in tree), None)
        if name is not None and isinstance(tree[name], np.ndarray | StreamedArray):
            return _arrays(tree[name], _listed(tree, _IDS), _listed(tree, _FRAMES))
        inner = tree[name] if name is not None else tree
        if isinstance(inner, Mapping) and inner:
            return _frames(inner)
    if isinstance(tree, np.ndarray) and not tree.dtype.hasobject:
        return _arrays(tree, None, None)
    if isinstance(tree, list) and tree:
        return _coco(tree, None)
    raise UnusableMasks("holds no masks of a known kind")


def _phalp(tree: Mapping[Any, Any]) -> FoundMasks:
    """Read PHALP's: frames in order; tracks that are only remembered show nobody."""
    objects: dict[str, dict[int, Draw]] = {}
    for place, frame in enumerate(tree.values()):
        number = int(frame.get("time", place))
        for who, mask, age in zip(frame["tid"], frame["mask"], frame["tracked_time"], strict=False):
            value = mask[0] if isinstance(mask, list | tuple) and mask else mask
            if int(age) == 0 and is_run_lengths(value):
                objects.setdefault(str(int(who)), {})[number] = _runs(value)
    if not objects:
        raise UnusableMasks("holds no masks of people that were seen")
    return FoundMasks(tool="PHALP", objects=objects)


def _coco(entries: list[Any], images: Any) -> FoundMasks:
    """Read annotations by image, YouTube-VIS' tracks, or one list of frames."""
    numbers = {}
    for image in images if isinstance(images, list) else []:
        numbers[image["id"]] = _number(image.get("file_name", image["id"]))
    objects: dict[str, dict[int, Draw]] = {}
    for place, entry in enumerate(entries):
        if is_run_lengths(entry) or isinstance(entry, list):  # A frame of masks.
            masks = [entry] if isinstance(entry, dict) else entry
            for who, mask in enumerate(masks):
                _add(objects, str(who + 1), place, mask)
        elif isinstance(entry, Mapping) and "segmentations" in entry:  # A track over all frames.
            who = str(entry.get("track_id", entry.get("id", place + 1)))
            for frame, mask in enumerate(entry["segmentations"]):
                _add(objects, who, frame, mask)
        elif isinstance(entry, Mapping) and "segmentation" in entry:
            image = entry.get("image_id", entry.get("frame_id", entry.get("frame", place)))
            frame = numbers.get(image, None) if numbers else _number(image)
            who = str(entry.get("track_id", entry.get("instance_id", entry.get("category_id", 1))))
            size = (entry.get("height"), entry.get("width"))
            _add(objects, who, -1 if frame is None else frame, entry["segmentation"], size)
    if not objects:
        raise UnusableMasks("holds no masks as COCO has them")
    is_counted = all(is_run_lengths(entry) or isinstance(entry, list) for entry in entries)
    return FoundMasks(
        tool="COCO", objects=objects, frames_counted=len(entries) if is_counted else None,
        may_count_from_1=bool(numbers),
    )  # fmt: skip


def _add(
    objects: dict[str, dict[int, Draw]], who: str, frame: int, mask: Any, size: Any = (None, None)
) -> None:
    if mask is None:
        return
    if is_run_lengths(mask):
        objects.setdefault(who, {})[frame] = _runs(mask)
    elif isinstance(mask, list) and size[0] and size[1]:
        objects.setdefault(who, {})[frame] = _polygons(mask, int(size[0]), int(size[1]))
    else:
        raise UnusableMasks("has a mask that is neither run lengths nor polygons of known size")


def _frames(tree: Mapping[Any, Any]) -> FoundMasks:
    """Read SAM 2's `video_segments`: frame, object, mask."""
    objects: dict[str, dict[int, Draw]] = {}
    for frame, people in tree.items():
        if not isinstance(people, Mapping):
            raise UnusableMasks(f"has frame {frame} that is no dictionary of objects")
        people = {"1": people} if is_run_lengths(people) else people
        for who, mask in people.items():
            draw = _runs(mask) if is_run_lengths(mask) else _plane(as_array(mask))
            objects.setdefault(str(who), {})[_number(frame)] = draw
    if not objects:
        raise UnusableMasks("holds no objects in any frame")
    return FoundMasks(tool="SAM 2", objects=objects)


def _arrays(array: Any, ids: list[int] | None, frames: list[int] | None) -> FoundMasks:
    """Read masks (frames, height, width), (frames, objects, height, width), or numbers."""
    is_number = array.dtype == bool or np.issubdtype(array.dtype, np.number)
    is_plane = array.ndim in (3, 4) or (array.ndim == 5 and array.shape[2] == 1)
    if not is_number or not is_plane:
        raise UnusableMasks(f"has masks of shape {array.shape} and type {array.dtype}")
    numbers = list(range(len(array))) if frames is None else frames
    if len(numbers) != len(array):
        raise UnusableMasks(f"has {len(numbers)} frame numbers for {len(array)} masks")
    if array.ndim == 3:
        parts = {name: _Part(array, value=value) for name, value in _values(array).items()}
    else:
        count = array.shape[1]
        names = list(range(1, count + 1)) if ids is None else ids
        if len(names) != count:
            raise UnusableMasks(f"has {len(names)} ids for {count} objects")
        parts = {str(name): _Part(array, place=place) for place, name in enumerate(names)}
    objects = {
        who: {frame: part.at(row) for row, frame in enumerate(numbers)}
        for who, part in parts.items()
    }
    counted = None if frames is not None else len(array)
    return FoundMasks(tool="arrays", objects=objects, frames_counted=counted)


@dataclass(frozen=True)
class _Part:
    """One object's masks in an array of many."""

    array: Any
    place: int | None = None
    """Along the second axis."""
    value: int | None = None
    """That numbers its pixels."""

    def at(self, row: int) -> Draw:
        def draw() -> Bool[np.ndarray, "height width"]:
            plane = self.array[row]
            plane = plane if self.place is None else plane[self.place]
            return _plane(plane if self.value is None else plane == self.value)()

        return draw


def _values(array: Any) -> dict[str, int | None]:
    """List the numbers of the objects in an array; one without a number where it has none."""
    if np.issubdtype(array.dtype, np.integer):
        rows = (array[row] for row in range(len(array)))
        values = {int(value) for row in rows for value in np.unique(row) if value > 0}
        if 1 < len(values) <= _MOST_OBJECTS and max(values) <= _MOST_OBJECTS:
            return {str(value): value for value in sorted(values)}
    return {"1": None}


def _plane(values: Any) -> Draw:
    def draw() -> Bool[np.ndarray, "height width"]:
        plane = np.asarray(values).squeeze()
        if plane.ndim != 2 or plane.size > MOST_PIXELS:
            raise UnusableMasks(f"has a mask of shape {np.shape(values)}")
        if plane.dtype == bool:
            return plane
        if np.issubdtype(plane.dtype, np.floating):
            # SAM's raw scores are positive inside; shares begin at a half.
            return plane > (0.0 if plane.min() < 0 else 0.5)
        return plane > (127 if plane.max() > 64 else 0)

    return draw


def _runs(value: Any) -> Draw:
    return lambda: draw_run_lengths(value)


def _polygons(polygons: list[Any], height: int, width: int) -> Callable[[], np.ndarray]:
    def draw() -> Bool[np.ndarray, "height width"]:
        if not (0 < height and 0 < width and height * width <= MOST_PIXELS):
            raise UnusableMasks(f"has a mask of {height} x {width} pixels")
        image = Image.new("1", (width, height))
        for polygon in polygons:
            # PIL's coordinates have pixel centers at whole numbers.
            points = (np.asarray(polygon, np.float64).reshape(-1, 2) - 0.5).tolist()
            ImageDraw.Draw(image).polygon([tuple(point) for point in points], fill=1)
        return np.asarray(image)

    return draw


def _listed(tree: Mapping[str, Any], names: tuple[str, ...]) -> list[int] | None:
    name = next((name for name in names if name in tree), None)
    return None if name is None else [int(v) for v in np.asarray(as_array(tree[name])).reshape(-1)]


def _number(value: Any) -> int:
    """Read a frame's number, or that at the end of an image's name."""
    if isinstance(value, int | np.integer):
        return int(value)
    stem = str(value).replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    match = _DIGITS.search(stem)
    if match is None:
        raise UnusableMasks(f"has a frame {value} without a number")
    return int(match.group(1)[-9:])
