"""Run until the headline's probability is known well enough: an interval that may be looked at as often as one likes.

An ordinary interval is right at one number of trials that was fixed beforehand. Looked at again and again until it is
narrow (or until it pleases) it misses the truth far more often than it says. A *confidence sequence* is a sequence of
intervals that, with probability 1 - alpha, all hold the truth, at every number of trials at once; so a run may stop
whenever the interval of the moment is narrow enough, and the interval at which it stops is still right.

*One parameter set.* Trials are independent and hit with the same probability p. `OneSet` inverts a mixture martingale:
for each p, the likelihood ratio of all that was seen, of "each trial hits with probability q, q drawn from
Beta(k p, k (1 - p))" against p itself. Under p it is a martingale with mean 1, so by Ville's inequality it ever comes
to 1/alpha with probability alpha at most; the values of p for which it has not are the interval. The guarantee is
exact at any number of trials and for any k chosen beforehand; k only decides at which width the interval is tightest,
and is taken from the precision asked for. Robbins (1970), Ann. Math. Stat. 41:1397; Howard, Ramdas, McAuliffe & Sekhon
(2021), Ann. Stat. 49:1055, the beta-binomial mixture.

*Several parameter sets.* Trials of a set share its parameters; what is independent is the set. `OverSets` takes the
share of hits in each set as one observation in [0, 1], whose mean is the probability over parameters and luck, and
looks only at whole sets. Its interval is the predictable plug-in empirical-Bernstein confidence sequence of
Waudby-Smith & Ramdas (2024), J. R. Stat. Soc. B 86:1, theorem 2, with bets that aim at the precision asked for (theirs
aim at no width in particular and take several times as many sets). It assumes nothing of how the shares are
distributed, but that each has the same mean whatever the sets before it were. Sets here are points of scrambled
Sobol' sequences: each by itself is a fair draw, but together they are spread more evenly than fair draws, and a set
tends to make up for those before it. That keeps the mean of the shares nearer to the truth than the theorem has it, so
that the interval errs on the wide side; for sets, the guarantee is thus the theorem's for independent sets, and held by
simulation for Sobol' ones.

Trials that failed are left out, as everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from sim.ensemble import columns
from sim.ensemble.counting import count, needed
from sim.ensemble.manifest import Achieved, Manifest
from sim.ensemble.plan import Chunk
from sim.ensemble.worker import BINS, DAILY, EVENTS, TRIALS, chunk_number
from sim.errors import InputError

LEVEL = 0.95
MOST_TRIALS = 1_000_000  # in all, of a run to a precision that does not say how many at most
WIDEST = 0.5
BEST_AT = 0.11  # k precision**2 at which a mixture is tightest near its target, for probabilities from 3 to 97 %
LARGEST_BET = 0.75  # of 1, where a bet could lose all
STEPS = 60  # halvings: to the last bit of a number between 0 and 1

Hits = tuple[int, int]  # hits, trials


class Sequence(Protocol):
    """An interval for a probability that holds the truth at every look."""

    def add(self, seen: Iterable[Hits]) -> None:
        """Take in hits and trials of further whole sets, or of further trials of the one set."""
        ...

    def interval(self) -> tuple[float, float]:
        """The interval after all that was added."""
        ...


class OneSet:
    """The mixture martingale's interval for trials that all have one probability, tightest near `precision`."""

    def __init__(self, precision: float, level: float = LEVEL) -> None:
        self.weight = BEST_AT / precision**2
        self.least = -math.log1p(-level)
        self.hits = self.trials = 0

    def add(self, seen: Iterable[Hits]) -> None:
        """Take in further hits and trials."""
        for hits, trials in seen:
            self.hits += hits
            self.trials += trials

    def interval(self) -> tuple[float, float]:
        """The probabilities against which the evidence has not come to 1 / alpha."""
        if not self.trials:
            return 0.0, 1.0
        return _lowest(self.hits, self.trials, self._refused), 1.0 - _lowest(
            self.trials - self.hits, self.trials, self._refused
        )

    def _refused(self, p: float, hits: int, misses: int) -> bool:
        a, b = self.weight * p, self.weight * (1.0 - p)
        ratio = _log_beta(a + hits, b + misses) - _log_beta(a, b)
        return ratio - hits * math.log(p) - misses * math.log1p(-p) >= self.least


def _lowest(hits: int, trials: int, refused: Callable[[float, int, int], bool]) -> float:
    """The lowest probability that is not refused, by halving what lies below the share of hits."""
    refuted, kept = 0.0, hits / trials
    if hits < 2:  # nothing can be said against a probability next to none
        return 0.0
    kept = min(kept, 1.0 - 2.0**-53)
    for _ in range(STEPS):
        middle = (refuted + kept) / 2
        if refused(middle, hits, trials - hits):
            refuted = middle
        else:
            kept = middle
    return refuted


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


class OverSets:
    """The empirical-Bernstein interval for the mean of the sets' shares, with bets that aim at `precision`."""

    def __init__(self, precision: float, level: float = LEVEL) -> None:
        self.precision = precision
        self.least = math.log(2.0 / (1.0 - level))
        self.sets, self.total, self.squares = 0, 0.0, 0.0
        self.bets, self.won, self.spent = 0.0, 0.0, 0.0

    def add(self, seen: Iterable[Hits]) -> None:
        """Take in further whole sets, in order; a set of which every trial failed says nothing."""
        for hits, trials in seen:
            if trials:
                self._add(hits / trials)

    def _add(self, share: float) -> None:
        mean, variance = (0.5 + self.total) / (self.sets + 1), (0.25 + self.squares) / (self.sets + 1)
        # were the variance known, this bet would give an interval of this half-width soonest
        bet = min(LARGEST_BET, self.precision / (variance + self.precision))
        self.bets += bet
        self.won += bet * share
        self.spent += (share - mean) ** 2 * (-math.log1p(-bet) - bet)
        self.sets += 1
        self.total += share
        self.squares += (share - (0.5 + self.total) / (self.sets + 1)) ** 2

    def interval(self) -> tuple[float, float]:
        """The interval of the mean over all sets; it takes two sets to say anything."""
        if self.sets < 2:
            return 0.0, 1.0
        centre, radius = self.won / self.bets, (self.least + self.spent) / self.bets
        return max(0.0, centre - radius), min(1.0, centre + radius)


# --- runs -----------------------------------------------------------------------------------------------------------


def checked(precision: float) -> float:
    """The precision asked for; InputError where it is no half-width of a probability's interval."""
    if not 0.0 < precision < WIDEST:
        raise InputError(f"precision: {precision} is not allowed; it is a half-width between 0 and {WIDEST}, as 0.01")
    return precision


class Watch:
    """Looks at the headline whenever the next chunk, in the order of the plan, is stored.

    What it sees does not depend on which chunk was done first, so the run stops at the same trial whoever runs it, in
    one go or in several.
    """

    def __init__(self, folder: Path, manifest: Manifest, level: float = LEVEL) -> None:
        plan = manifest.plan
        assert plan.precision is not None
        self.folder, self.manifest, self.precision, self.level = folder, manifest, plan.precision, level
        self.sequence: Sequence = (OverSets if plan.sets > 1 else OneSet)(plan.precision, level)
        self.waiting = iter(plan.chunks())
        self.next = next(self.waiting, None)
        self.looks = 0
        self.last: Chunk | None = None

    @property
    def half_width(self) -> float:
        """Half the width of the interval of the moment."""
        low, high = self.sequence.interval()
        return (high - low) / 2

    def enough(self) -> bool:
        """Whether the interval is narrow enough, by the chunks that are stored with none missing before them."""
        while self.last is None and self.next is not None and self.next.number in self.manifest.chunks:
            self.sequence.add(self._seen(self.next))
            self.looks += 1
            if self.half_width <= self.precision:
                self.last = self.next
            self.next = next(self.waiting, None)
        return self.last is not None

    def close(self) -> None:
        """Note in the manifest where it ended, and remove what was computed beyond that."""
        low, high = self.sequence.interval()
        self.manifest.precision = Achieved(self.last is not None, low, high, self.level, self.looks)
        if self.last is None:
            return
        end = self.last.number
        self.manifest.chunks = {number: done for number, done in self.manifest.chunks.items() if number <= end}
        self.manifest.plan = self.manifest.plan.asked().stopped_at(self.last)
        self.manifest.write(self.folder)
        for part in (TRIALS, DAILY, BINS, EVENTS):
            for path in (self.folder / part).glob("part-*.*"):
                if chunk_number(path) > end:
                    path.unlink()

    def _seen(self, chunk: Chunk) -> Iterator[Hits]:
        files = self.manifest.chunks[chunk.number].files
        for name in (name for name in files if name.startswith(f"{TRIALS}/")):
            yield from hits_by_set(columns.read(self.folder / name, COUNTED))


COUNTED = needed(["breakdown"])


def hits_by_set(trials: columns.Table) -> Iterator[Hits]:
    """For each set of a table of trials, in order: in how many the headline came true, and of how many that ended."""
    sets = int(trials["set"].values.max(initial=-1)) + 1
    counts = count([trials], ["breakdown"], sets)
    yield from ((int(hits), int(ended)) for hits, ended in zip(counts.hits[0], counts.ended, strict=True) if ended)
