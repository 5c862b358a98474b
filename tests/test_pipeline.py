"""The way from a clip to a result, as its drivers walk it: with stops, changes and returns."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
import torch
from torch import Tensor

from neuhmr import pipeline
from neuhmr.anchors.clothes import find_cloth_reach
from neuhmr.anchors.conditioning import mesh_silhouette_ious, reference_views
from neuhmr.anchors.frame_poses import frame_joints
from neuhmr.anchors.registration import register_anchors
from neuhmr.anchors.selection import orientation_vectors
from neuhmr.body.motion import Motion
from neuhmr.ghn.views import ReferenceViews
from neuhmr.motion_prior.checkpoint import load_motion_prior
from neuhmr.pipeline import (
    Anchored,
    Drafted,
    Person,
    make_subject,
    prepare,
)
from neuhmr.progress import Cancelled, OnProgress, ignore_progress
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.run import Result, Run
from neuhmr.refine.scope import Scope
from neuhmr.refine.settings import RefineConfig
from refine.quick_way import (
    CONFIG,
    ROWS,
    assert_same,
    finished_run,
    is_same,
    refined,
    stop_at,
    straight,
    subject,
    whole,
    with_setting,
)
from refine.tiny_problem import tiny_clip
from refine.untrained_heatmaps import untrained_heatmaps
from tests.ghn.scene import make_ghn

# Going on from a stage that is at hand, with settings that are new to what follows.
GO_ON: dict[str, Callable[[RefineConfig], Callable[[RefineConfig], Result]]] = {
    "the subject": lambda old: lambda new: whole(subject(), new),
    "the person": lambda old: functools.partial(_from_person, subject().draft(old).person()),
    "the anchors": lambda old: functools.partial(
        _from_anchors, subject().draft(old).person().anchors(old)
    ),
    "the problem": lambda old: functools.partial(refined, prepare(subject(), old)),
    "the steps": lambda old: functools.partial(_from_steps, prepare(subject(), old), old),
}


def _from_person(person: Person, config: RefineConfig) -> Result:
    return _from_anchors(person.anchors(config), config)


def _from_anchors(anchored: Anchored, config: RefineConfig) -> Result:
    return refined(anchored.register(config), config)


def _from_steps(problem: RefineProblem, old: RefineConfig, new: RefineConfig) -> Result:
    run = Run(problem, old)
    list(run.steps())
    return run.result(config=new)


@pytest.mark.parametrize(
    ("stage", "name", "first", "second"),
    [
        ("the subject", "draft.joint_weight", 1.0, 5.0),
        ("the person", "anchors.num_anchors", 2, 4),
        ("the anchors", "matching.epsilon", 0.15, 0.6),
        ("the problem", "schedule.learning_rate", 2e-3, 1e-2),
        ("the problem", "seed", 0, 5),
        ("the steps", "guard.bias", 0.0, -10.0),
    ],
)
def test_a_changed_setting_and_the_way_back_give_what_a_straight_run_gives(
    stage: str, name: str, first: float, second: float
) -> None:
    go_on = GO_ON[stage](with_setting(name, first))
    changed = go_on(with_setting(name, second))
    again = go_on(with_setting(name, first))
    assert_same(changed.motion, straight(name, second).motion)
    assert_same(again.motion, straight(name, first).motion)
    assert not is_same(changed.motion, again.motion), "the setting changes the result"


@dataclass(frozen=True)
class WatchedNetwork:
    """Notes what it is shown."""

    network: object
    shown: list[ReferenceViews] = field(default_factory=list)
    dressed: list[object] = field(default_factory=list)

    def image_features(self, images: Tensor) -> Tensor:
        return self.network.image_features(images)  # pyright: ignore

    def joint_prototypes(self) -> Tensor | None:
        return self.network.joint_prototypes()  # pyright: ignore

    def condition(self, views: ReferenceViews, body: object, *, cloth: object = None) -> object:
        self.shown.append(views)
        self.dressed.append(cloth)
        return self.network.condition(views, body, cloth=cloth)  # pyright: ignore


@functools.cache
def drafted() -> Drafted:
    watched = WatchedNetwork(subject().network)
    return replace(subject(), network=watched).draft(CONFIG)


def shown_to(drafted: Drafted) -> list[ReferenceViews]:
    network = drafted.subject.network
    assert isinstance(network, WatchedNetwork)
    return network.shown


def test_the_avatar_is_built_of_frames_in_their_drafted_poses():
    start, crops = drafted().start, subject().crops
    person = drafted().person()
    body = person.build.avatar.body
    ious = mesh_silhouette_ious(crops, body, start)
    assert torch.equal(person.build.silhouette_iou, ious)
    assert not torch.equal(ious, mesh_silhouette_ious(crops, body, subject().initial))
    expected = reference_views(crops, body, start, person.build.conditioning_rows)
    assert torch.equal(shown_to(drafted())[-1].posed.vertices, expected.posed.vertices)


def test_anchors_are_chosen_and_registered_in_their_drafted_poses():
    start, crops = drafted().start, subject().crops
    anchored = drafted().person().anchors(CONFIG)
    joints = frame_joints(anchored.person.build.avatar.body, start)
    expected = orientation_vectors(joints, start.global_orient)
    assert torch.equal(anchored.selection.orientations, expected)
    found = anchored.register(CONFIG)
    shown, body = shown_to(drafted())[-1], found.body
    expected = reference_views(crops, body, start, found.conditioning_rows).posed.vertices
    assert torch.equal(shown.posed.vertices, expected)
    registered = register_anchors(
        found.avatar, crops, start, drafted().features, found.selection.anchors, 0.15,
        subject().network.joint_prototypes(),
    )  # fmt: skip
    assert torch.equal(found.descriptors.descriptors, registered.descriptors)
    assert torch.equal(found.descriptors.counts, registered.counts)


def test_the_avatar_is_dressed_as_all_frames_show_it_in_their_drafted_poses():
    anchored = drafted().person().anchors(CONFIG)
    build, network = anchored.person.build, drafted().subject.network
    assert isinstance(network, WatchedNetwork)
    expected = find_cloth_reach(subject().crops, build.avatar.body, drafted().start)
    assert torch.equal(build.cloth.left, expected.left)
    other = find_cloth_reach(subject().crops, build.avatar.body, subject().initial)
    assert not torch.equal(build.cloth.left, other.left)
    assert network.dressed[-1] is build.cloth
    anchored.register(CONFIG)
    assert network.dressed[-1] is build.cloth


def test_anchors_begin_at_the_best_frame_of_the_avatar():
    anchored = drafted().person().anchors(CONFIG)
    assert anchored.selection.candidates[0] == anchored.person.build.conditioning_rows[0]


def test_rows_the_user_wants_become_anchors_and_rows_that_are_not_wanted_do_not():
    person = drafted().person()
    usual = person.anchors(CONFIG).selection.anchors
    wanted = next(row for row in range(ROWS) if row not in usual)
    assert wanted in person.anchors(CONFIG, includes=[wanted]).selection.anchors
    assert usual[0] not in person.anchors(CONFIG, excludes=[usual[0]]).selection.anchors
    problem = person.anchors(CONFIG, includes=[wanted]).register(CONFIG)
    assert wanted in problem.selection.anchors


def test_a_problem_holds_all_that_was_made_for_it():
    scope, heatmaps = Scope(first=2), untrained_heatmaps()
    anchored = drafted().person().anchors(CONFIG)
    found = anchored.register(CONFIG, heatmaps, scope)
    assert found.heatmaps is heatmaps and found.scope is scope and found.fps == 30.0
    assert found.draft is drafted().draft is not None
    assert found.features is drafted().features and found.selection is anchored.selection
    assert found.initial is drafted().subject.initial and found.model is subject().model
    assert set(found.conditioning_rows) <= set(found.selection.anchors)
    plain = anchored.register(CONFIG)
    assert plain.heatmaps is None and plain.scope == Scope()


def test_preparing_hands_heatmaps_and_scope_on():
    scope, heatmaps = Scope(last=3), untrained_heatmaps()
    found = prepare(subject(), CONFIG, heatmaps=heatmaps, scope=scope)
    assert found.heatmaps is heatmaps and found.scope is scope


def test_a_network_that_learns_is_stopped_from_learning():
    clip = tiny_clip(ROWS)
    network = make_ghn().train().requires_grad_(True)
    made = make_subject(clip.crops, clip.truth, clip.model, network, 30.0)
    assert made.network is network and not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_a_slow_clip_is_drafted_by_settings_of_its_own_rate():
    slow = replace(subject(), fps=10.0)
    # The motion prior is told the rate, too, so it is left out.
    config = replace(CONFIG, draft=replace(CONFIG.draft, prior_weight=0.0))
    by_hand = replace(config, draft=config.at_rate(10.0).draft)
    expected = subject().draft(by_hand).start
    assert_same(slow.draft(config).start, expected)
    assert not is_same(expected, subject().draft(config).start)


def test_poses_that_the_prior_had_its_say_in_are_not_given_to_it_again():
    believed = replace(subject(), is_believed=True).draft(CONFIG)
    assert believed.draft is not None and believed.draft.beliefs is not None
    assert not is_same(believed.start, subject().draft(CONFIG).start)


def test_poses_of_init_are_judged_by_the_prior_that_knows_its_errors(monkeypatch):
    def sure_of(is_believed: bool):
        draft = replace(subject(), is_believed=is_believed).draft(CONFIG).draft
        assert draft is not None and draft.beliefs is not None
        return draft.beliefs.sigmas

    own, others = sure_of(True), sure_of(False)
    assert float((own - others).abs().max()) > 1e-3
    monkeypatch.setattr(pipeline, "load_landmark_prior", load_motion_prior)
    assert torch.equal(sure_of(True), others)


def test_preparing_keeps_the_rate():
    assert prepare(replace(subject(), fps=10.0), CONFIG).fps == 10.0


def draft_with(on_progress: OnProgress) -> Motion:
    return subject().draft(CONFIG, on_progress).start


def build_with(on_progress: OnProgress) -> Motion:
    return drafted().person(on_progress).drafted.start


def score_with(on_progress: OnProgress) -> Motion:
    anchored = drafted().person().anchors(CONFIG, on_progress=on_progress)
    return refined(anchored.register(CONFIG, on_progress=on_progress), CONFIG).motion


def judge_with(on_progress: OnProgress) -> Motion:
    return finished_run().result(on_progress).motion


@pytest.mark.parametrize(
    ("label", "stage"),
    [
        ("Encoding frames", draft_with),
        ("Drafting poses", draft_with),
        ("Comparing bodies with masks", build_with),
        ("Measuring clothes", build_with),
        ("Scoring anchor candidates", score_with),
        ("Registering joints", score_with),
        ("Comparing before and after", judge_with),
    ],
)
def test_a_stage_can_be_cancelled_and_done_again(
    label: str, stage: Callable[[OnProgress], Motion]
) -> None:
    with pytest.raises(Cancelled):
        stage(stop_at(label, after=1))
    assert_same(stage(ignore_progress), stage(ignore_progress))


def test_all_of_the_preparation_can_be_cancelled():
    for label in (
        "Encoding frames", "Drafting poses", "Comparing bodies with masks", "Measuring clothes",
        "Scoring anchor candidates", "Registering joints",
    ):  # fmt: skip
        with pytest.raises(Cancelled):
            prepare(subject(), CONFIG, stop_at(label))
