"""A report of results, comparisons and studies as one HTML page that needs nothing else."""

from sim.report.building import Material, build
from sim.report.counterfactuals import counterfactuals
from sim.report.rendering import html

__all__ = ["Material", "build", "counterfactuals", "html"]
