"""The ablation in which joints are matched with each frame's own rendering."""

from dataclasses import replace

import torch

from neuhmr.lab.benchmarks.pose.rendered_descriptors import with_rendered_descriptors
from neuhmr.progress import ignore_progress
from neuhmr.refine.field.refiner import Refiner
from neuhmr.refine.problem import RefineProblem
from refine.splat_avatar import textured_network
from refine.tiny_problem import TINY_CONFIG, tiny_clip, tiny_problem


def rendered(problem: RefineProblem) -> RefineProblem:
    clip = tiny_clip()
    network = textured_network(clip.model, clip.truth.betas)
    return with_rendered_descriptors(problem, problem.initial, network, 0.2, ignore_progress)


def test_every_frame_has_descriptors_of_its_own() -> None:
    problem = rendered(tiny_problem())
    first, last = problem.descriptors_of(0), problem.descriptors_of(5)
    seen = (first.counts > 0) & (last.counts > 0)
    assert seen.any()
    assert not torch.allclose(first.descriptors[seen], last.descriptors[seen], atol=1e-3)
    lengths = first.descriptors[first.counts > 0].norm(dim=-1)
    torch.testing.assert_close(lengths, torch.ones_like(lengths))


def test_a_hidden_joint_has_none() -> None:
    problem = rendered(tiny_problem())
    found = problem.descriptors_of(0)
    assert (found.descriptors[found.counts == 0] == 0).all()
    assert found.counts.max() == 1, "one rendering"


def test_refinement_uses_them_and_keeps_the_rest() -> None:
    plain = tiny_problem()
    problem = rendered(plain)
    assert problem.initial is plain.initial and problem.avatar is plain.avatar
    same = replace(problem, descriptors=plain.descriptors)
    assert same.descriptors_of(1) is problem.descriptors_of(1), "replacing keeps the kind"
    steps = [Refiner(p, TINY_CONFIG).step().terms["joint"] for p in (plain, problem)]
    assert steps[0] != steps[1]
