"""How a claim is checked: draw points, judge them, search for the tightest, keep the results. Knows no theorem by name."""

__version__ = "0.1.0"
