"""Trials of native libraries, each run in a process of its own because it may crash.

`python -m neuhmr.cli.probes NAME` prints one line on success and leaves with a traceback otherwise.
"""

import os
import sys
from collections.abc import Callable


def probe_spconv() -> str:
    """Run one sparse convolution on the CPU."""
    import spconv
    import spconv.pytorch as sparse
    import torch

    indices = torch.tensor([[0, 1, 1, 1], [0, 1, 1, 2]], dtype=torch.int32)
    tensor = sparse.SparseConvTensor(torch.ones(2, 4), indices, [4, 4, 4], batch_size=1)
    with torch.no_grad():
        out = sparse.SubMConv3d(4, 2, 3)(tensor)
    assert out.features.shape == (2, 2) and out.features.isfinite().all()
    return f"{spconv.__version__}, forward pass on the CPU"


def probe_gl() -> str:
    """Render one triangle off screen."""
    os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
    import numpy as np
    import pyrender
    import trimesh
    from OpenGL import GL

    triangle = trimesh.Trimesh([[-1, -1, -2], [1, -1, -2], [0, 1, -2]], [[0, 1, 2]])
    scene = pyrender.Scene()
    scene.add(pyrender.Mesh.from_trimesh(triangle))
    scene.add(pyrender.PerspectiveCamera(yfov=1.5), pose=np.eye(4))
    renderer = pyrender.OffscreenRenderer(32, 32)
    try:
        depth = renderer.render(scene, flags=pyrender.RenderFlags.DEPTH_ONLY)
        name = GL.glGetString(GL.GL_RENDERER)
    finally:
        renderer.delete()
    assert np.any(np.asarray(depth) > 0), "the picture is empty"
    return name.decode() if isinstance(name, bytes) else "off-screen rendering"


def probe_mediapipe() -> str:
    """Import MediaPipe and find the weights in its wheel."""
    from importlib.metadata import version

    from mediapipe.python.solutions import pose

    assert pose.Pose is not None
    return version("mediapipe")


PROBES: dict[str, Callable[[], str]] = {
    "spconv": probe_spconv,
    "gl": probe_gl,
    "mediapipe": probe_mediapipe,
}

if __name__ == "__main__":
    sys.stdout.write(PROBES[sys.argv[1]]() + "\n")
