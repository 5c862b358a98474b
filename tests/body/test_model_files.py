import hashlib
import os
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.body.smpl_model import SmplModel
from neuhmr.errors import BodyModelError
from official_pickle import official_arrays, stand_in_class, write_official_pickle
from synthetic_body import make_synthetic_body

ARRAYS = ("v_template", "shapedirs", "posedirs", "J_regressor", "lbs_weights", "faces")


@pytest.fixture(scope="module")
def model() -> SmplModel:
    return make_synthetic_body(posedirs=True)


def assert_same_body(first: SmplModel, second: SmplModel) -> None:
    for name in ARRAYS:
        torch.testing.assert_close(getattr(first, name), getattr(second, name), msg=name)
    assert first.parents == second.parents


def test_without_a_path_the_open_body_is_loaded():
    model = load_body_model()
    assert model.v_template.shape == (6890, 3)
    assert model.num_betas == 10
    assert model.posedirs is None
    assert model.lbs_weights.sum(dim=-1).sub(1).abs().max() < 1e-5


def test_official_pickle_is_read_without_chumpy(model, tmp_path):
    path = write_official_pickle(tmp_path / "basicModel.pkl", official_arrays(model))
    content = path.read_bytes()
    assert b"chumpy.ch" in content
    assert b"scipy.sparse.csc" in content
    loaded = load_body_model(path)
    assert_same_body(loaded, model)
    assert loaded.name == "basicModel"
    assert loaded.digest == hashlib.sha256(content).hexdigest()[:16]


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_plain_pickle_and_npz_are_read(model, tmp_path, protocol):
    path = tmp_path / "body.pkl"
    path.write_bytes(pickle.dumps(official_arrays(model), protocol=protocol))
    assert_same_body(load_body_model(path), model)
    np.savez(tmp_path / "body.npz", **official_arrays(model))
    assert_same_body(load_body_model(tmp_path / "body.npz"), model)


def test_objects_beside_the_needed_arrays_of_an_npz_do_not_matter(model, tmp_path):
    names = np.array([{"Pelvis": 0}], dtype=object)
    np.savez(tmp_path / "body.npz", **official_arrays(model), part2num=names)
    assert_same_body(load_body_model(tmp_path / "body.npz"), model)


def test_surplus_shape_coefficients_and_zero_correctives_are_dropped(model, tmp_path):
    arrays = official_arrays(model)
    arrays["shapedirs"] = np.concatenate([arrays["shapedirs"]] * 30, axis=-1)
    arrays["posedirs"] = arrays["posedirs"] * 0
    loaded = load_body_model(write_official_pickle(tmp_path / "body.pkl", arrays))
    assert loaded.num_betas == 10
    assert loaded.posedirs is None


@pytest.mark.parametrize(
    ("place", "gender"),
    [
        ("smpl/SMPL_NEUTRAL.pkl", "neutral"),
        ("SMPL_FEMALE.pkl", "female"),
        ("basicmodel_m_lbs_10_207_0_v1.1.0.pkl", "male"),
        ("smpl/models/basicModel_f_lbs_10_207_0_v1.0.0.pkl", "female"),
    ],
)
def test_folders_as_downloaded_or_as_smplx_wants_them(model, tmp_path, place, gender):
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    write_official_pickle(tmp_path / place, official_arrays(model))
    assert_same_body(load_body_model(tmp_path, gender), model)
    with pytest.raises(BodyModelError, match="holds no SMPL model of gender"):
        load_body_model(tmp_path, "male" if gender != "male" else "female")


def remove(key):
    return lambda arrays: arrays.pop(key)


def change(key, function):
    def apply(arrays):
        arrays[key] = function(arrays[key])

    return apply


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (remove("posedirs"), None),
        (remove("weights"), 'lacks the array "weights"'),
        (remove("kintree_table"), 'lacks the array "kintree_table"'),
        (change("kintree_table", lambda t: np.zeros((2, 52))), r"52 joints, so it is SMPL\+H"),
        (change("kintree_table", lambda t: np.zeros((2, 55))), "55 joints, so it is SMPL-X"),
        (change("kintree_table", lambda t: t[:, ::-1]), "joints in another order"),
        (change("weights", lambda w: w[:-1]), r'"weights" of shape \(781, 24\), expected \(782,'),
        (change("weights", lambda w: w * 2), '"weights" whose rows do not sum to 1'),
        (change("v_template", lambda v: v * np.nan), '"v_template" that is not all finite'),
        (change("f", lambda f: f + 800), "vertices outside 0 to 781"),
        (change("posedirs", lambda p: p[..., :93]), r"expected \(782, 3, 207\)"),
        (change("shapedirs", lambda s: s[..., 0]), "expected 3 axes"),
    ],
)
def test_wrong_and_half_files_are_refused_in_one_sentence(model, tmp_path, damage, complaint):
    arrays = official_arrays(model)
    damage(arrays)
    path = write_official_pickle(tmp_path / "body.pkl", arrays)
    if complaint is None:
        assert load_body_model(path).posedirs is None
        return
    with pytest.raises(BodyModelError, match=complaint) as caught:
        load_body_model(path)
    message = str(caught.value)
    assert str(path) in message
    assert "https://smpl.is.tue.mpg.de" in message
    assert "--body-model" in message
    assert "\n" not in message


def test_a_missing_file_says_where_to_get_one(tmp_path):
    with pytest.raises(BodyModelError, match=r"There is no body model at .*smpl\.is\.tue\.mpg\.de"):
        load_body_model(tmp_path / "SMPL_NEUTRAL.pkl")


def test_an_unknown_gender_is_refused():
    with pytest.raises(BodyModelError, match='not "x"'):
        load_body_model(None, "x")


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 cut", b"\x80\x02}q\x00("])
def test_files_of_another_kind_are_refused(tmp_path, content):
    path = tmp_path / "body.pkl"
    path.write_bytes(content)
    with pytest.raises(BodyModelError, match=str(path)):
        load_body_model(path)


def test_a_truncated_download_is_refused(model, tmp_path):
    path = write_official_pickle(tmp_path / "body.pkl", official_arrays(model))
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(BodyModelError, match="pickle that is not complete"):
        load_body_model(path)
    np.savez(tmp_path / "body.npz", **official_arrays(model))
    cut = (tmp_path / "body.npz").read_bytes()[:-100]
    (tmp_path / "body.npz").write_bytes(cut)
    with pytest.raises(BodyModelError):
        load_body_model(tmp_path / "body.npz")


class Malicious:
    def __init__(self, command: str):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def test_a_pickle_that_carries_code_is_named_and_not_run(model, tmp_path):
    trace = tmp_path / "trace"
    arrays = official_arrays(model) | {"extra": Malicious(f"touch {trace}")}
    path = tmp_path / "body.pkl"
    path.write_bytes(pickle.dumps(arrays))
    with pytest.raises(BodyModelError, match=r"asks for (posix|nt)\.system, which is code"):
        load_body_model(path)
    assert not trace.exists()
    # The same file does its work when the standard library reads it: the test can fail.
    pickle.loads(path.read_bytes())
    assert trace.exists()


def test_a_chumpy_formula_is_refused(model, tmp_path):
    arrays = official_arrays(model)
    with stand_in_class("chumpy.ch", "add") as formula_class:
        formula = formula_class()
        formula.a, formula.b = np.zeros(3), np.zeros(3)
        arrays["v_template"] = formula
        (tmp_path / "body.pkl").write_bytes(pickle.dumps(arrays))
    with pytest.raises(BodyModelError, match=r'unreadable "v_template" \(a chumpy formula'):
        load_body_model(tmp_path / "body.pkl")


@pytest.mark.smpl
def test_the_licensed_model_is_read():
    model = load_body_model(Path(os.environ["NEUHMR_SMPL_MODEL"]))
    assert model.v_template.shape == (6890, 3)
    assert replace(model, posedirs=None).lbs_weights.min() >= 0
