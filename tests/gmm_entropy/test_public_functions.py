import pkgutil
import subprocess
import sys
from importlib import import_module

import pytest

import bounds.gmm_entropy as package

WANTED = {
    "entropy_approximation",
    "pair_spectrum",
    "log_chernoff",
    "log_bhattacharyya",
    "separation",
    "psi_t",
    "c_t",
    "log_pair_gap",
    "log_expected_pair_gap",
    "pair_gaps",
    "log_pair_sum",
    "log_max_tree",
    "triple_term",
    "log_paper_bound",
    "log_bhattacharyya_bound",
    "log_chernoff_bound",
    "log_renyi_bound",
    "equal_covariance_bounds",
    "kolchinsky_tracey",
    "gap_gradient_bounds",
    "gap_tail_bound",
    "gap_tail_bound_dimension_free",
    "gap_importance_sample",
    "pair_gap_ball",
    "line_gap_ball",
    "gap_on_line",
    "gap_on_plane",
    "log_e_process",
    "lower_confidence_bound",
    "from_sklearn",
}


@pytest.mark.parametrize("name", sorted(WANTED | {*package.__all__}))
def test_every_public_function_can_be_imported_and_says_what_it_does(name):
    function = getattr(package, name)
    assert callable(function)
    assert function.__doc__
    assert name in dir(package)


def test_no_module_has_the_name_of_a_function():
    """Importing such a module would put it in the function's place."""
    modules = {module.name for module in pkgutil.iter_modules(package.__path__)}
    assert not modules & set(package.__all__)
    for module in modules:
        import_module(f"{package.__name__}.{module}")
    assert all(callable(getattr(package, name)) for name in WANTED)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'gap_of_nothing'"):
        package.gap_of_nothing  # noqa: B018


def test_importing_the_package_and_one_function_loads_nothing_heavy():
    code = (
        "import sys; from bounds.gmm_entropy import log_pair_gap, log_density, gap_importance_sample;"
        "heavy = {'scipy.stats', 'scipy.optimize', 'scipy.integrate', 'sympy', 'flint', 'cvxpy', 'matplotlib', 'sklearn'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
