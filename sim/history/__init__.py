"""What went before the origin: dated events and recorded deaths, driving the state without dice, and the regime
filter.
"""

from __future__ import annotations

from sim.history.describing import describe_origin, origin_summary
from sim.history.driving import Origin, begin_trial, origin_of

__all__ = ["Origin", "begin_trial", "describe_origin", "origin_of", "origin_summary"]
