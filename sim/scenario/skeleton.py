"""The file that `ceasefire new` writes: a scenario that runs, and examples of all that one can change."""

from __future__ import annotations

TEXT = """\
# {name}: a question of your own, asked of the model of Idlib. The three lines below say what is asked and assumed.
# Question: what if ... (write it here)?
# Leans on: everything that builtin:idlib-2020-02-11 assumes; see its `basis` entries.
# Run it with `ceasefire run {file}`, look at it with `ceasefire show {file}`, test it with `ceasefire check {file}`.
name: {name}
about: What changes, against builtin:idlib-2020-02-11, if ... (one sentence)
extends: builtin:idlib-2020-02-11

# Maps merge with those of the file that is extended, key by key. A key set to null is deleted. Lists, numbers,
# distributions, the value of a gate and a `basis` are replaced whole. Take the # away from what you want to change.

# How long a trial lasts, in days from the origin.
horizon_days: 180

# How many trials, for how many sets of uncertain numbers. With one set every distribution stands at its median.
ensemble:
  trials: 200
  sets: 1
  seed: 1

# A number may be plain or uncertain. The laws: uniform, loguniform (low, high), triangular (low, mode, high),
# normal (mean, sd), lognormal (median, sigma), beta (a, b), gamma (shape, scale), choice (values, weights).
# rules:
#   infighting:
#     rate: {{dist: loguniform, low: 0.002, high: 0.02}}  # a day, while the gates of the rule hold
#     basis: {{assumed: []}}                               # fitted, coded, published or assumed; keys of `sources`
#   raid:
#     enabled: false                                     # a rule that never rings

# Something that the scenario makes happen: on a date, on the first day on which gates hold, or both.
# interventions:
#   early_meeting:
#     about: The leaders meet ten days after the origin.
#     on: 2020-02-21
#     event: leader_meeting
#     actor: russia
#     target: turkey
#   calm_when_it_burns:
#     about: An ordered halt on the first day after a week with 300 deaths.
#     when: {{deaths_7d: {{at_least: 300}}}}
#     event: halt
#     actor: syria
#     target: rebels

# A question of your own, beside those of the scenario that is extended. The one with `headline: true` decides when a
# trial's ceasefire has broken down; there is exactly one.
# outcomes:
#   bloody_month:
#     about: A thousand deaths within thirty days.
#     count: deaths
#     window_days: 30
#     at_least: 1000
#     basis: {{assumed: []}}

# Where numbers come from. A basis names the keys below; `ceasefire check --sources` lists what has none.
# sources:
#   mine: Author, title, date, address
"""


def skeleton(name: str) -> str:
    """The text of a commented scenario of this name (lower-case words joined by hyphens) that loads and runs."""
    return TEXT.format(name=name, file=f"{name}.yaml")
