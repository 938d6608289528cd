"""The compiled engine: the conflict's own functions, compiled by numba, in a loop over trials."""
