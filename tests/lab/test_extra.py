"""What users meet who did not install the extra `lab`."""

import subprocess
import sys
from pathlib import Path

import pytest

from neuhmr.errors import MissingDependencyError
from neuhmr.lab.metrics.lpips import load_lpips
from neuhmr.lab.training.ghnerf.perceptual import PerceptualLoss
from neuhmr.lab.training.workers import begin_workers

# Loaded whole: it looks for torchvision once, and a later test must not find it missing.
pytest.importorskip("torchmetrics")

REMEDY = r"pip install 'neuhmr-workbench\[lab\]'"


@pytest.fixture(params=["lightning", "torchmetrics", "torchvision"])
def missing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in list(sys.modules):
        if name.partition(".")[0] == request.param:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, request.param, None)
    return request.param


def test_each_use_names_the_package_and_the_remedy(missing: str, tmp_path: Path) -> None:
    uses = {
        "lightning": [lambda: begin_workers("cpu", 2)],
        "torchmetrics": [lambda: load_lpips(tmp_path / "vgg.pth")],
        "torchvision": [
            lambda: load_lpips(tmp_path / "vgg.pth"),
            lambda: PerceptualLoss(tmp_path / "vgg.pth"),
        ],
    }
    for use in uses[missing]:
        with pytest.raises(MissingDependencyError, match=f"needs {missing}, .*{REMEDY}"):
            use()


def test_one_device_trains_without_lightning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightning", None)
    assert begin_workers("cpu", 1).rank == 0


def test_the_benchmark_says_what_it_lacks_before_it_measures() -> None:
    program = (
        "import sys; sys.modules['torchmetrics'] = None; from neuhmr.cli import main; "
        "sys.exit(main(['benchmark', 'ghnerf', '--data', 'nowhere']))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=120
    )
    told = " ".join(run.stderr.split())
    assert run.returncode == 2, told
    assert "The benchmark of GHNeRF needs torchmetrics, which is not installed" in told
    assert "pip install 'neuhmr-workbench[lab]'." in told


def test_what_users_refine_with_does_without() -> None:
    program = (
        "import sys; sys.modules.update(dict.fromkeys(('lightning', 'torchmetrics'))); "
        "import neuhmr.refine.run, neuhmr.ghnerf.captures.capture_keypoints, workbench.app"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
