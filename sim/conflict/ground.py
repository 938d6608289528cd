"""Sectors and posts: attacks, advance and recapture, encirclement in the order of the advance, and what can be
reached.
"""

from __future__ import annotations

from sim.conflict.state import (
    ATTACKS,
    BLOCKING,
    DRIFTS_UP_TO,
    ENCIRCLED,
    FREE,
    PLACES_LOST,
    POSTS_BLOCKING,
    POSTS_ENCIRCLED,
    State,
    Tables,
)

HAIR = 1e-9  # ten steps of a tenth are the whole, though floats add up to a hair less


def end_attacks(s: State, c: Tables, place: int) -> None:
    """Attacks end at a place, or everywhere (-1); when none is left the sides' rung may come down by drift."""
    for k in range(c.n_places):
        if place < 0 or k == place:
            s[ATTACKS] -= s[c.under_attack + k]
            s[c.under_attack + k] = 0.0
    dyad = c.dyad_of[c.side_one * c.n_parties + c.side_two]
    if s[ATTACKS] == 0.0 and dyad >= 0:
        s[c.rung + dyad] = min(s[c.rung + dyad], c.limits[DRIFTS_UP_TO])


def a_share(x: float) -> float:
    """A share between 0 and 1; what rounding leaves of nothing or of the whole is nothing or the whole."""
    if x < HAIR:
        return 0.0
    return 1.0 if x > 1.0 - HAIR else x


def advance(s: State, c: Tables, place: int, share: float) -> None:
    """The first side takes a share of the sector; whole, it is the first side's and no longer under attack."""
    s[c.taken + place] = a_share(s[c.taken + place] + share)
    for post in range(c.n_posts):
        status = s[c.status + post]
        reached = c.post_place[post] == place and c.post_depth[post] <= s[c.taken + place] + HAIR
        if reached and (status == FREE or status == BLOCKING):
            s[c.status + post] = float(ENCIRCLED)
    if s[c.taken + place] >= 1.0:
        s[c.control + place] = float(c.side_one)
        end_attacks(s, c, place)


def retake(s: State, c: Tables, place: int, share: float) -> None:
    """The second side takes a share back; posts that the line has left behind are free again."""
    s[c.taken + place] = a_share(s[c.taken + place] - share)
    for post in range(c.n_posts):
        left_behind = c.post_place[post] == place and c.post_depth[post] > s[c.taken + place] + HAIR
        if left_behind and s[c.status + post] == ENCIRCLED:
            s[c.status + post] = float(FREE)
    if s[c.taken + place] <= 0.0:
        s[c.control + place] = float(c.side_two)


def set_post(s: State, c: Tables, party: int, post: int, status: int) -> None:
    """Change the status of a post; of none (-1), of all the party's posts that are encircled."""
    for k in range(c.n_posts):
        if k == post or (post < 0 and s[c.status + k] == ENCIRCLED and s[c.owner + k] == party):
            s[c.status + k] = float(status)


def survey(s: State, c: Tables) -> None:
    """Derive from control and posts what perceptions read: fronts, places lost, posts by status."""
    s[PLACES_LOST] = 0.0
    for place in range(c.n_places):
        one, two = borders(s, c, place)
        ours = s[c.control + place] == c.side_one
        taken = s[c.taken + place]
        s[c.front + place] = 1.0 if taken < 1.0 and (one or taken > 0.0) else 0.0
        s[c.retakable + place] = 1.0 if taken > 0.0 and (two or taken < 1.0) else 0.0
        if ours and c.control_at_start[place] == c.side_two:
            s[PLACES_LOST] += 1.0
        for status in range(3):
            s[c.here + status * c.n_places + place] = 0.0
    s[POSTS_ENCIRCLED] = 0.0
    s[POSTS_BLOCKING] = 0.0
    for post in range(c.n_posts):
        status = int(s[c.status + post])
        if FREE <= status <= ENCIRCLED:
            s[c.here + (status - FREE) * c.n_places + c.post_place[post]] += 1.0
        s[POSTS_ENCIRCLED] += 1.0 if status == ENCIRCLED else 0.0
        s[POSTS_BLOCKING] += 1.0 if status == BLOCKING else 0.0


def borders(s: State, c: Tables, place: int) -> tuple[bool, bool]:
    """Whether the first and the second side can reach the place from outside it."""
    one = c.open_to[place] & 1 != 0
    two = c.open_to[place] & 2 != 0
    for k in range(c.neighbours_at[place], c.neighbours_at[place + 1]):
        if s[c.control + c.neighbours[k]] == c.side_one:
            one = True
        else:
            two = True
    return one, two
