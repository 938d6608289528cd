"""Answers from stored results: probabilities, survival, distributions. Reads DataFrames, never an engine."""
