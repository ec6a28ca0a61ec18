"""The toy claims, for every test here."""

from tests.engine.packages import environment, site, toys

__all__ = ["environment", "site", "toys"]
