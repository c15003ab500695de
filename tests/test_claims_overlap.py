"""What the chapter on overlap says of the long run is so in the table that is committed."""

import numpy as np
import pytest
from _results import read_results

import anuralib as al


@pytest.fixture(scope="module")
def table():
    return read_results("bench_overlap")


def test_parts_of_a_mixture_are_known():
    alone = al.call_parts(["ASCWHI"], seed=4)["ASCWHI"]
    company = al.call_parts(["BARWHI", "ASCWHI", "LONTRI"], seed=4, level_db={"BARWHI": 6.0})
    np.testing.assert_array_equal(company["ASCWHI"], alone)  # whatever company it has
    soft = al.call_parts(["BARWHI"], seed=4)["BARWHI"]
    np.testing.assert_allclose(company["BARWHI"], soft * 10 ** (6 / 20), rtol=1e-5)
    assert list(company) == ["BARWHI", "ASCWHI", "LONTRI"]
    for code, part in al.call_parts(al.call_types().index, seconds=1.5).items():
        assert part.shape == (33075,) and part.dtype == np.float32 and part.any(), code
    lasting = al.call_parts(["LONTRI"], seed=1)["LONTRI"]  # a trill of 5.8 s fills the window, at 0.05
    assert np.sqrt(np.mean(lasting**2)) == pytest.approx(0.05, rel=0.4)
    assert np.abs(lasting).reshape(30, -1).max(1).min() > 0


def test_parts_refuse_what_they_can_not_make():
    for codes, options, message in [
        ([], {}, "no call type"), (["XXXXXX"], {}, "XXXXXX"), (["ASCWHI", "ASCWHI"], {}, "once"),
        (["ASCWHI"], {"seconds": 0}, "above 0"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            al.call_parts(codes, **options)
