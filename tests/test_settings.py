"""Every setting, from the command line and from the window, changes what its stage computes."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
import tyro

from neuhmr.cli.refine import Refine
from neuhmr.errors import NeuhmrError
from neuhmr.geometry.rotations import axisangle_to_rotmat
from neuhmr.refine.guard.guard import guard_motion
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.run import Run
from neuhmr.refine.settings import SETTINGS, RefineConfig, preset, with_values
from neuhmr.refine.settings.page import settings_page
from neuhmr.refine.settings.table import Setting, values_of
from neuhmr.setting import Value
from refine.knowing_network import knowing_subject
from refine.splat_avatar import SplatAvatar
from refine.splat_clip import wrong_by_rotations
from refine.tiny_problem import tiny_clip
from tests.refine.terms.test_keypoint_term import seen_in
from tests.refine.walker_problem import UNMOVED, walk, walker_problem, with_wrong_arm
from tests.workbench.driven_window import send, widgets
from tests.workbench.fake_engine import FakeEngine
from workbench.app import Workbench
from workbench.panels.setting_widgets import position_of

# Small enough to run a hundred times, and every part of every stage has something to do.
BASE = with_values(
    preset("fast"),
    {
        "draft.steps": 12, "draft.outline_interval": 4, "draft.typical_misfit": 40.0,
        "anchors.frames_per_anchor": 2, "anchors.least_inside": 0.9,
        "matching.sigma_px": 1.0, "matching.num_samples": 32, "matching.epsilon": 0.15,
        "weights.joint": 1.0, "robust.joint_scale_px": 2.5, "balance.num_frames": 3,
        "motion_field.width": 32, "motion_field.frames_per_center": 2.0,
        "schedule.epochs": 3, "schedule.frames_per_step": 2, "schedule.chunk_rays": 150,
        "guard.bias": 0.0,
    },
)  # fmt: skip

HEAD = 15
ROOT = Path(__file__).parents[1]

CHANGED: dict[str, Value] = {
    "draft.smoothing_frames": 2, "draft.joint_searches": 2, "draft.outline_interval": 12,
    "draft.typical_misfit": 0.0, "draft.steps": 9, "draft.constant_share": 0.1,
    "draft.least_scale": 0.9, "draft.plausibility_weight": 0.5, "draft.doubt": 0.0,
    "anchors.num_anchors": 3, "anchors.frames_per_anchor": 3, "anchors.least_anchors": 5,
    "anchors.most_anchors": 2, "anchors.candidates_per_anchor": 1, "anchors.least_inside": 0.4,
    "matching.num_samples": 16, "matching.least_similarity": 0.95, "matching.least_gain": 0.1,
    "weights.keypoint": 1.0, "weights.regularizer": 0.1,
    "motion_field.num_centers": 9, "motion_field.width": 16, "motion_field.frames_per_center": 1.0,
    "balance.num_frames": 1, "balance.limit": 1.0,
    "schedule.epochs": 2, "schedule.frames_per_step": 3, "schedule.root_epochs": 1,
    "schedule.stride": 4, "schedule.fine_epochs": 2, "schedule.fine_stride": 1,
    "schedule.gradient_norm_interval": 1, "schedule.learning_rate": 1e-2,
    "schedule.rate_steps": 500,
    "schedule.weight_decay": 0.1, "schedule.chunk_rays": 1000, "schedule.final_share": 0.5,
    "guard.bias": -0.3, "guard.smoothing_frames": 1.0, "guard.stride": 3, "seed": 3,
}  # fmt: skip
"""Other values are twice the default, or the other choice."""


def changed_value(row: Setting) -> Value:
    if row.name in CHANGED:
        return CHANGED[row.name]
    base = row.value_in(BASE)
    if row.kind is bool:
        return not base
    if row.choices:
        return next(choice for choice in row.choices if choice != base)
    assert base, f"say in CHANGED what {row.name} is to become"
    return row.kind(base * 2)


@dataclass(frozen=True)
class CountingAvatar:
    """Draws as another avatar does, and counts how often."""

    avatar: SplatAvatar
    calls: list[int]

    @property
    def body(self):
        return self.avatar.body

    def render(self, posed, camera, pixels=None):
        self.calls.append(1)
        return self.avatar.render(posed, camera, pixels)


@functools.cache
def subject():
    # In the last frames the camera looks so far down that a part of the body is above the picture.
    clip = tiny_clip(8)
    shifted = clip.crops.cameras.K.clone()
    shifted[:, 1, 2] -= torch.linspace(0.0, 40.0, 8)
    cameras = replace(clip.crops.cameras, K=shifted)
    found = knowing_subject(replace(clip, crops=replace(clip.crops, cameras=cameras)))
    # The head is turned further than heads turn.
    body_pose = found.initial.body_pose.clone()
    turn = torch.tensor([0.0, 1.2, 0.0]).expand(8, 3)
    body_pose[:, HEAD - 1] = body_pose[:, HEAD - 1] @ axisangle_to_rotmat(turn)
    return replace(found, initial=replace(found.initial, body_pose=body_pose))


@functools.cache
def drafted(config: RefineConfig):
    return subject().draft(config)


@functools.cache
def person(config: RefineConfig):
    return drafted(config).person()


def draft_of(config: RefineConfig) -> list[torch.Tensor]:
    found = drafted(config)
    if found.draft is None:
        return [found.start.transl]
    return [found.draft.pose.rotmat, found.draft.pose.transl, *found.draft.as_state().values()]


def anchors_of(config: RefineConfig) -> list[Any]:
    # Poses that the prior smoothed show this tiny walk from one side: there is nothing to choose.
    varied = person(with_values(BASE, {"draft.prior_weight": 0.0}))
    selection = varied.anchors(config).selection
    return [selection.candidates, selection.anchors, selection.scores]


@functools.cache
def problem() -> RefineProblem:
    return person(BASE).anchors(BASE).register(BASE)


def steps_of(config: RefineConfig) -> list[Any]:
    counting = CountingAvatar(problem().avatar, [])
    here = replace(problem(), avatar=counting)
    if config.weights.keypoint:
        here = walker_problem(with_wrong_arm(walk(), 20.0), seen_in(walk()))
        config = with_values(UNMOVED, {"weights.keypoint": config.weights.keypoint})
    run = Run(here, config)
    said = [
        [one.total_steps, one.learning_rate, one.gradient_norms, one.weighted, one.rows]
        for one in run.steps()
    ]
    motion = run.refiner.motion()
    return [said, motion.body_pose, motion.transl, len(counting.calls)]


def registered_with(config: RefineConfig) -> list[torch.Tensor]:
    found = person(BASE).anchors(BASE).register(config).descriptors
    return [found.counts, found.descriptors]


def guarded_by(config: RefineConfig) -> list[Any]:
    refined = wrong_by_rotations(problem().initial, 6.0, 0.05, seed=8)
    found = guard_motion(problem(), refined, config.guard)
    return [found.motion.body_pose, found.shares, found.evidence_after]


COMPUTED = {"draft": draft_of, "anchors": anchors_of, "steps": steps_of, "guard": guarded_by}


@functools.cache
def at_base(stage: str) -> list[Any]:
    return COMPUTED[stage](BASE)


@functools.cache
def differs(name: str, value: Value) -> bool:
    """Tell whether a stage computes something else with another value."""
    row = SETTINGS[name]
    config = with_values(BASE, {name: value})
    return not same(COMPUTED[row.stage](config), at_base(row.stage))


def same(first: Any, second: Any) -> bool:
    if isinstance(first, torch.Tensor):
        return isinstance(second, torch.Tensor) and torch.equal(first, second)
    if isinstance(first, (list, tuple)):
        return len(first) == len(second) and all(map(same, first, second))
    return first == second


def from_the_command_line(row: Setting, value: Value) -> RefineConfig:
    word = {True: "on", False: "off"}.get(value, str(value)) if row.kind is bool else str(value)
    words = ["clip.mp4", "--out", "out.npz"]
    if row.declared.flag:
        words += [f"--{row.declared.flag}", word]
    else:
        words += ["--set", f"{row.name}={word}"]
    return tyro.cli(Refine, args=words).config()


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with Workbench(FakeEngine(), port=0) as running:
        running.session.set(config=preset("fast"))
        yield running


def from_the_window(window: Workbench, row: Setting, value: Value) -> RefineConfig:
    window.session.set(config=preset("fast"))
    # A setting may stand on its stage's tab and on the one where it is felt.
    widget, *_ = [w for w in widgets(window) if f"({row.name})" in str(getattr(w, "hint", ""))]
    position = value if row.kind is bool or row.choices else position_of(row, value)
    send(window, (widget, position))
    config = window.session.state.config
    assert config is not None
    return config


@pytest.mark.parametrize("surface", ["the command line", "the window"])
@pytest.mark.parametrize("name", list(SETTINGS))
def test_a_setting_changes_what_its_stage_computes(
    name: str, surface: str, window: Workbench
) -> None:
    row = SETTINGS[name]
    value = changed_value(row)
    if surface == "the window":
        config = from_the_window(window, row, value)
    else:
        config = from_the_command_line(row, value)
    arrived = row.value_in(config)
    assert arrived == pytest.approx(value) if row.kind is float else arrived == value
    others = {other: v for other, v in values_of(config).items() if other != name}
    assert others == {other: v for other, v in values_of(preset("fast")).items() if other != name}
    assert differs(name, value)


def test_epsilon_changes_registration_too():
    wide = registered_with(with_values(BASE, {"matching.epsilon": 0.6}))
    assert not same(wide, registered_with(BASE))


def test_every_setting_has_help_a_range_and_a_default_inside_it():
    assert len(SETTINGS) > 80
    for row in SETTINGS.values():
        assert row.declared.help.endswith(".") and row.declared.label, row.name
        if row.kind in (int, float):
            assert row.declared.low <= row.default, row.name
            assert row.declared.low < row.declared.high, row.name
        for name in ("fast", "paper"):
            assert row.checked(row.value_of_preset(name)) == row.value_of_preset(name)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("draft.stepz=3", "did you mean draft.steps"),
        ("draft.steps", "something like draft.steps=100"),
        ("draft.steps=0", "draft.steps is 0, at least 1 was expected"),
        ("draft.steps=2.5", "a whole number was expected"),
        ("weights.rgb=nan", "a number was expected"),
        ("weights.rgb=much", "a number was expected"),
        ("draft.constant_share=1.5", "at most 1 was expected"),
        ("guard.enabled=perhaps", "on or off was expected"),
        ("matching.search=nearest", "gaussian or grid was expected"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(words: str, expected: str) -> None:
    command = tyro.cli(Refine, args=["clip.mp4", "--out", "o.npz", "--set", words])
    with pytest.raises(NeuhmrError, match=expected):
        command.config()


def test_an_option_of_its_own_wins_over_set():
    words = ["clip.mp4", "--out", "o.npz", "--set", "weights.rgb=3", "--rgb", "2"]
    assert tyro.cli(Refine, args=words).config().weights.rgb == 2.0


def test_the_page_of_settings_is_the_tables():
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == settings_page()
