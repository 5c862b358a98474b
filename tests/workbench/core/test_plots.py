import numpy as np

from workbench.core.plots import SMALLEST, loss_series, series_options, term_names
from workbench.core.session import LossPoint


def points(count):
    return tuple(
        LossPoint(step=i + 1, terms=(("rgb", 1.0 / (i + 1)), ("geo", 2.0), ("prior", 1e-4)))
        for i in range(count)
    )


def test_terms_that_never_had_a_say_are_left_out():
    assert term_names(points(3)) == ("rgb", "geo")
    assert term_names(()) == ()


def test_series_are_steps_total_and_terms():
    steps, total, rgb, geo = loss_series(points(2), ("rgb", "geo"))
    np.testing.assert_allclose(steps, [1, 2])
    np.testing.assert_allclose(total, [3.0001, 2.5001])
    np.testing.assert_allclose(rgb, [1.0, 0.5])
    np.testing.assert_allclose(geo, [2.0, 2.0])


def test_long_runs_are_thinned_out_and_keep_their_ends():
    series = loss_series(points(5000), ("rgb",), most_points=100)
    assert {len(part) for part in series} == {100}
    assert series[0][0] < 30 and series[0][-1] > 4970
    assert (np.diff(series[0]) > 0).all()


def test_zero_can_be_shown_on_a_logarithmic_axis():
    series = loss_series((LossPoint(step=1, terms=(("rgb", 0.0),)),), ("rgb",))
    assert series[2][0] == SMALLEST


def test_a_term_that_starts_at_nothing_does_not_stretch_the_axis():
    losses = tuple(
        LossPoint(step=i, terms=(("rgb", 2.0), ("prior", 1e-9 * 10.0**i))) for i in range(9)
    )
    prior = loss_series(losses, ("rgb", "prior"))[3]
    assert prior.min() > 1e-3 and prior[-1] > 0.09


def test_every_series_has_a_label():
    options = series_options(("rgb", "geo"))
    assert [option["label"] for option in options] == ["step", "total", "rgb", "geo"]
