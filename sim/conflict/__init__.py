"""The conflict itself: small plain functions on one state vector, read by both engines.

Start with `day.py`, which holds a whole day. `state.py` says what the vector and the tables contain, `perceive.py` how
gates and hazard ratios read it, `clocks.py` who acts, `events.py` what happens then, `processes.py` what goes on every
day, `outcomes.py` what is counted. Nothing here imports Mesa, YAML or numba, and nothing here knows a name.
"""
