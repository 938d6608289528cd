from __future__ import annotations

import numpy as np
import pytest

from sim.analysis.dice import uniforms
from sim.draws import address, stream, uniform


@pytest.mark.parametrize("seed", [0, 7, 2**40 + 3])
def test_arrays_hold_what_single_draws_give(seed: int) -> None:
    """Slots run on into the next day after 65,536."""
    columns = 65_540
    drawn = uniforms(seed, ("blocks", "x"), [3, 4_000_000_000], columns)
    for row, trial in enumerate((3, 4_000_000_000)):
        for column in (0, 1, 65_535, 65_536, 65_539):
            at = address(seed, 0, trial)
            assert drawn[row, column] == uniform(at, column >> 16, stream("blocks", "x"), column & 0xFFFF)


def test_a_row_does_not_depend_on_others() -> None:
    assert (uniforms(1, ("a",), [5, 9], 4)[1] == uniforms(1, ("a",), [9], 9)[0, :4]).all()
    assert not (uniforms(1, ("a",), [9], 4) == uniforms(1, ("b",), [9], 4)).any()
    assert np.unique(uniforms(1, ("a",), range(50), 50)).size == 2500
