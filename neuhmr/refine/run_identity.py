"""What a run belongs to, part by part: only a run on the very same can be gone on with.

Parts go by the words that tell a user what is another one; each is a digest, or text that says it.
Most are known as soon as files are open, long before the first step.
"""

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.clip.clip import Clip
from neuhmr.clip.crops import PersonCrops
from neuhmr.clip.mask_changes import UNCHANGED
from neuhmr.clip.masks import MaskSequence
from neuhmr.files.numbered_pictures import numbered_pictures
from neuhmr.ghn.renderable import HumanNetwork
from neuhmr.ghnerf.clips.clip_heatmaps import ClipHeatmaps
from neuhmr.refine.scope import Scope
from neuhmr.refine.settings import RefineConfig
from neuhmr.refine.terms.pose_terms import counts_keypoints

Identity = dict[str, str]

SETTINGS = "settings"
DERIVED = ("pictures of the person", "anchors")
"""Made of the other parts, so told only where none of those differs."""


def identify_settings(config: RefineConfig, scope: Scope) -> Identity:
    """Say what a run does, and where."""
    settings = asdict(config)
    del settings["name"]  # Settings that are the same are, whatever the preset is called.
    return {
        SETTINGS: json.dumps(settings, sort_keys=True),
        "range or locked parts": json.dumps(scope.plain()),
    }


def identify_files(clip: Clip) -> Identity:
    """Say which video, masks and camera it is, by what is in them."""
    K, masks = clip.camera.K, clip.masks
    return {
        "clip": _digest_of_file(clip.video.path),
        "camera": f"{digest_of([K])} {clip.camera.height} {clip.camera.width}",
        "masks": "none" if masks is None else digest_of_masks(masks),
    }


def identify_poses(initial: Motion, model_digest: str) -> Identity:
    """Say which poses a run starts from, and of which body."""
    poses = (initial.global_orient, initial.body_pose, initial.transl, initial.betas)
    return {"poses": digest_of((*poses, initial.valid)), "body model": model_digest}


def identify_network(network: HumanNetwork) -> Identity:
    """Say which weights render the person."""
    weights = network.state_dict().values() if isinstance(network, torch.nn.Module) else ()
    return {"avatar weights": digest_of(weights)}


def identify_heatmaps(heatmaps: ClipHeatmaps | None, config: RefineConfig) -> Identity:
    """Say which weights find keypoints, where those count."""
    if heatmaps is None or not counts_keypoints(config):
        return {}
    return {"heatmap weights": digest_of(heatmaps.state_dict().values())}


def identify_crops(crops: PersonCrops) -> str:
    """Say which pictures of the person a run looks at."""
    return digest_of(
        (crops.images, crops.masks > 0.5, crops.cameras.K, crops.boxes, crops.frame_index)
    )


def digest_of(tensors: Iterable[Tensor]) -> str:
    """Digest numbers with their types and shapes."""
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _digest_of_file(path: Path) -> str:
    """Digest a file, or all pictures of a folder, in their order."""
    if path.is_dir():
        pictures = [_digest_of_file(each) for each in numbered_pictures(path).values()]
        return hashlib.sha256(" ".join(pictures).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of_masks(masks: MaskSequence) -> str:
    """Digest the masks themselves: what deflates them may write other bytes one day."""
    digest = hashlib.sha256(f"{masks.height} {masks.width}".encode())
    if masks.changes != UNCHANGED:
        digest.update(repr(masks.changes).encode())
    for packed in masks.deflated:
        digest.update(zlib.decompress(packed))
    return digest.hexdigest()


def differences(saved: Identity, present: Identity) -> list[str]:
    """Name the parts that are known at present and were others when a run was saved."""
    names = [name for name in present if saved.get(name) != present[name]]
    own = [name for name in names if name not in DERIVED]
    return [_described(name, saved, present) for name in own or names]


def _described(name: str, saved: Identity, present: Identity) -> str:
    if name != SETTINGS:
        return name
    old, new = (dict(_flat(json.loads(parts.get(name, "{}")))) for parts in (saved, present))
    changed = [key for key in new if old.get(key) != new[key]][:3]
    return f"{name} ({', '.join(f'{key} was {old.get(key)}' for key in changed)})"


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, object]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
