from dataclasses import replace

import pytest
import torch

from neuhmr.errors import OutputError
from neuhmr.lab.people.person import make_person
from neuhmr.lab.people.splits import person_seed
from neuhmr.lab.training.motion_prior.filmed import filming, making
from neuhmr.lab.training.motion_prior.filmed.filmed_fit import read_filmed_fit
from neuhmr.lab.training.motion_prior.filmed.filming import draw_motion
from neuhmr.lab.training.motion_prior.filmed.making import (
    FIRST_PERSON,
    FilmedFitsConfig,
    fit_path,
    make_filmed_fits,
)
from tests.lab.people.motion.test_bvh import bvh_text
from tests.lab.training.motion_prior.scenes import tracks


def test_people_are_filmed_on_their_feet_and_in_motions_of_their_own():
    people = [make_person(person_seed("train", FIRST_PERSON, number)) for number in (0, 1)]
    motions = [draw_motion(person, [tracks()], 10) for person in people]
    for person, motion in zip(people, motions, strict=True):
        lowest = motion.pose(person.shaped).vertices[..., 1].amin(dim=1)
        assert float((lowest - person.sole).abs().max()) < 0.05
        assert float(motion.pose(person.shaped).joints[:, 0, [0, 2]].abs().max()) < 1.5
    again = draw_motion(people[0], [tracks()], 10)
    assert torch.equal(again.body_pose, motions[0].body_pose)
    assert not torch.allclose(motions[0].body_pose, motions[1].body_pose, atol=1e-2)


def test_half_of_the_motions_are_changed(monkeypatch):
    asked = []

    def drawn(groups, batch, frames, rng, is_changed):
        asked.append(is_changed)
        raise StopIteration

    monkeypatch.setattr(filming, "draw_windows", drawn)
    person = make_person(person_seed("train", FIRST_PERSON, 0))
    for number in range(60):
        with pytest.raises(StopIteration):
            draw_motion(replace(person, seed=number), [tracks()], 10)
    assert 18 < sum(asked) < 42


@pytest.mark.slow
def test_a_person_is_filmed_found_and_fitted(tmp_path):
    mocap = tmp_path / "mocap"
    mocap.mkdir()
    frames = [{"position": (0, 16, 0.02 * i), "LeftArm": (-60, 0, i % 50)} for i in range(160)]
    (mocap / "07_01.bvh").write_text(bvh_text(frames))
    config = FilmedFitsConfig(out_dir=tmp_path / "fits", mocap_dir=mocap, people=1, frames=6)
    (path,) = make_filmed_fits(config)
    fit = read_filmed_fit(path)
    assert len(fit) == 6
    # It is found where it is, about as large as it is, and not exactly.
    assert float((fit.fitted_transl - fit.true_transl)[:, :2].norm(dim=-1).max()) < 0.5
    assert 0.6 < float(fit.fitted_transl[:, 2].mean() / fit.true_transl[:, 2].mean()) < 1.6
    turns = fit.fitted_rotmat.mT @ fit.true_rotmat
    assert float((turns.diagonal(dim1=-2, dim2=-1).sum(dim=-1) < 2.999).float().mean()) > 0.5


def test_fits_that_are_there_are_kept(tmp_path, monkeypatch):
    config = FilmedFitsConfig(out_dir=tmp_path, mocap_dir=tmp_path, people=2, frames=6)
    paths = [fit_path(tmp_path, person_seed("train", FIRST_PERSON, n)) for n in range(2)]
    for path in paths:
        path.write_text("kept")

    def never(*_):
        raise AssertionError("nobody is to be filmed")

    monkeypatch.setattr(making, "_make", never)
    assert make_filmed_fits(config) == paths
    assert [path.read_text() for path in paths] == ["kept", "kept"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    config = FilmedFitsConfig(
        out_dir=tmp_path / "file" / "fits", mocap_dir=tmp_path, people=1, frames=6
    )
    with pytest.raises(OutputError, match="cannot be made"):
        make_filmed_fits(config)
