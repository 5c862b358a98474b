import base64
import codecs
import io
import os
import pickle
import zlib

import numpy as np
import pytest
import scipy.sparse

from neuhmr.files.limits import ForbiddenName
from neuhmr.files.loading import load_bytes
from neuhmr.files.stand_ins import as_array

CONTENT = dict(
    floats=np.arange(6.0).reshape(2, 3),
    columns=np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)),
    scalar=np.float32(2.5),
    objects=np.array([1, None, "a"], dtype=object),
    nested={"list": [1, (2.0, "three")], 4: {5}, "bytes": b"\x00\xff"},
    empty=np.zeros((0, 3)),
    flags=np.array([True, False]),
)

# joblib 1.x, compress=3, of {"a": int16 [[0, 1], [2, 3]], "n": [float32 [[1], [0]]]}.
JOBLIB_FILE = base64.b64decode(
    "eF5lT01Lw0AQ3U1bWiJ+FBEF/0C99CAeBRFvBnPw4knCbhOd6CZZNgmSg1AvbYS5Of1z/hndTRQPvsMww7z35s1yuPlkPV"
    "5phlwQ7j8VUqVynteZbiKdLp5VQjgN3XhpjGjujNA6MfRBJ2/kVJOylgslypJw1KkIx3ksHNeScFSC0AkFXuCt7FSY2IqR"
    "X9k+rhq7gclvZ9leekrv7ZpuaRYMkJ9TGIbXXxZdCVhFEn2hVPESZZnQ1OJxn7S7FwmVPuZZkleRbKqkpGCvlr5T9mCMM4"
    "8N2Obm52vkOd0TDPtXYAw+bNmkfEWwDTuwC1P0Hs7+EsHB/zxw2MKRO8St//LCOYt6/g3x7IlA"
)


def assert_equal(first, second):
    assert type(first) is type(second)
    if isinstance(first, np.ndarray):
        assert first.dtype == second.dtype
        assert np.array_equal(first, second)
    elif isinstance(first, dict):
        assert list(first) == list(second)
        for key, value in first.items():
            assert_equal(value, second[key])
    else:
        assert first == second


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_and_containers_come_back_unchanged(protocol):
    assert_equal(load_bytes(pickle.dumps(CONTENT, protocol=protocol)), CONTENT)


@pytest.mark.parametrize("kind", ["csc", "csr", "coo"])
@pytest.mark.parametrize("family", ["matrix", "array"])
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_sparse_matrices_of_this_scipy_are_read(kind, family, protocol):
    dense = np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 3.0]])
    matrix = getattr(scipy.sparse, f"{kind}_{family}")(dense)
    loaded = load_bytes(pickle.dumps(matrix, protocol=protocol))
    assert np.array_equal(as_array(loaded), dense)


def test_joblib_files_are_read():
    loaded = load_bytes(JOBLIB_FILE)
    assert_equal(loaded["a"], np.array([[0, 1], [2, 3]], np.int16))
    assert_equal(loaded["n"][0], np.array([[1.0], [0.0]], np.float32))


def test_joblib_arrays_that_end_too_early_are_refused():
    data = zlib.decompress(JOBLIB_FILE)
    with pytest.raises((ValueError, EOFError, IndexError, pickle.UnpicklingError)):
        load_bytes(data[:-20])


class Call:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (os.system, ("true",)),
        (eval, ("1",)),
        (getattr, ([], "append")),
        (__import__, ("os",)),
        (np.load, ("x",)),
        (io.open, ("x",)),
        (pickle.loads, (b"N.",)),
        (np.testing.assert_equal, (1, 1)),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_functions_are_never_called(function, arguments, protocol):
    data = pickle.dumps([Call(function, *arguments)], protocol=protocol)
    with pytest.raises(ForbiddenName):
        load_bytes(data)


def test_dotted_names_do_not_reach_through_allowed_ones():
    # STACK_GLOBAL with a dotted name: the attribute path a lax reader would follow.
    data = b"\x80\x04\x8c\x05numpy\x8c\x0cndarray.dump\x93."
    with pytest.raises(ForbiddenName, match=r"numpy\.ndarray\.dump"):
        load_bytes(data)


def test_codecs_other_than_latin1_are_refused():
    data = pickle.dumps(Call(codecs.encode, "a", "zip"), protocol=2)
    with pytest.raises(ForbiddenName, match="zip"):
        load_bytes(data)
