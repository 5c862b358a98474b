"""Meshes frame by frame, in a folder that appears whole or not at all."""

from pathlib import Path

import numpy as np
import trimesh

from neuhmr.clip.atomic import atomic_folder
from neuhmr.formats.writing.animation import Animation, Remarks
from neuhmr.formats.writing.formats import frame_files


def write_meshes(path: Path, animation: Animation, suffix: str) -> Remarks:
    """Write `frame_000012.obj` and so on, numbered as in the clip.

    Raises:
        OutputError: the folder cannot be written, or holds anything but such files.
    """
    faces = np.asarray(animation.body.faces)
    frames = animation.motion.frame_index.tolist()
    with atomic_folder(path, frame_files(suffix)) as partial:
        for rows in animation.chunks():
            for frame, vertices in zip(frames[rows], animation.vertices(rows), strict=True):
                mesh = trimesh.Trimesh(vertices, faces, process=False)
                mesh.export(partial / f"frame_{frame:06d}{suffix}")
    return (f"The folder holds one file per frame, {animation.motion.fps:g} per second.",)
