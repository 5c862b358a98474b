import sys

import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.smplx_adapter import build_smplx
from neuhmr.errors import MissingDependencyError
from neuhmr.geometry.rotations import axisangle_to_rotmat
from synthetic_body import make_synthetic_body

# Metres; float32 rounding along chains of up to nine joints.
TOLERANCE = 1e-5


@pytest.fixture(params=["synthetic", "synthetic with correctives", "open"])
def model(request):
    if request.param == "open":
        return load_body_model()
    return make_synthetic_body(posedirs=request.param == "synthetic with correctives")


def random_parameters(generator, frames=4):
    return {
        "body_pose": torch.randn(frames, 69, generator=generator) * 0.5,
        "global_orient": torch.randn(frames, 3, generator=generator) * 2,
        "transl": torch.randn(frames, 3, generator=generator) * 3,
    }


def test_our_body_agrees_with_smplx(model, generator):
    parameters = random_parameters(generator)
    betas = torch.randn(10, generator=generator) * 2
    theirs = build_smplx(model)(betas=betas.expand(4, 10), **parameters)
    ours = model.with_shape(betas).with_pose(
        axisangle_to_rotmat(parameters["body_pose"].reshape(4, 23, 3)),
        axisangle_to_rotmat(parameters["global_orient"]),
        parameters["transl"],
    )
    torch.testing.assert_close(ours.vertices, theirs.vertices, atol=TOLERANCE, rtol=0)
    torch.testing.assert_close(ours.joints, theirs.joints[:, :24], atol=TOLERANCE, rtol=0)


def test_building_prints_nothing(model, capsys):
    build_smplx(model)
    assert capsys.readouterr().out == ""


def test_missing_smplx_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "smplx", None)
    with pytest.raises(MissingDependencyError, match="smplx cannot be loaded"):
        build_smplx(make_synthetic_body())
