"""The program `neuhmr-workbench` over the toy engine, whose steps are real torch work.

Called by tests with the seconds that a step takes, then the program's own words; begins to refine
at once, and notes beside the clip which step it is amidst.
"""

import sys
import time

import torch

from tests.workbench.fake_engine import FakeEngine
from tests.workbench.fake_optimizer import FakeOptimizer
from workbench.__main__ import main
from workbench.app import Workbench
from workbench.engine import engine

SECONDS = float(sys.argv[1])
step, open_clip = FakeOptimizer.step, Workbench.open


def working_step(optimizer, config, on_frame):
    optimizer.footage.path.with_suffix(".step").write_text(str(optimizer.steps + 1))
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        torch.rand(400, 400) @ torch.rand(400, 400)
    return step(optimizer, config, on_frame)


def open_and_run(window, request):
    open_clip(window, request)
    window.tasks.run()


FakeOptimizer.step = working_step
Workbench.open = open_and_run
engine.NeuhmrEngine = lambda device, config: FakeEngine(total_steps=1000)
sys.exit(main(sys.argv[2:]))
