"""Agent-based simulation of military escalation and ceasefire breakdown, driven by scenarios in YAML."""

__version__ = "0.1.0"
