"""What is compiled beside the conflict's own functions: the loop over trials, and the counting of what they gave.

The text is compiled as part of the generated module (`sim.batch.compiling`), where it finds those functions.
"""

from __future__ import annotations

KERNEL = '''
@intrinsic
def pointer(typing, array):
    """Where an array's numbers begin: indexing it neither wraps round nor counts references."""

    def generate(context, builder, signature, arguments):
        return context.make_array(signature.args[0])(context, builder, arguments[0]).data

    return types.CPointer(array.dtype)(array), generate


@intrinsic
def skip(typing, numbers, n):
    """The same, `n` numbers further on."""

    def generate(context, builder, signature, arguments):
        return builder.gep(arguments[0], [arguments[1]])

    return numbers(numbers, types.int64), generate


@njit(nogil=True, cache=True, error_model="numpy", _nrt=False, no_rewrites=True)
def run_trials(
    ints, reals, origin, regimes, fragile, low, high, set_index, trials, days, watched, ladders,
    last, began, status, daily, logs, log_of,
):
    """Run trials to their end: the last state, the regime at the origin, watched numbers day by day, logs of some.

    `trials` (n,); `watched` and `ladders` are addresses in the state; `last` (n, states); `began` and `status` (n,);
    `daily` (n, days, watched + 1), the last of them the highest of `ladders`, nan after a trial's end; `logs` (kept,
    rows), and `log_of` (n,) the row of each trial in it, -1 where its events are not kept.
    """
    ci = pointer(ints)
    cf = pointer(reals)
    states = pointer(last)
    numbers = pointer(daily)
    for k in range(len(trials)):
        s = skip(states, k * last.shape[1])
        for i in range(last.shape[1]):
            s[i] = origin[i]
        at = Address(low, high, set_index, trials[k])
        begin(s, ci, cf, at, regimes, fragile)
        began[k] = s[REGIME]
        log = logs[log_of[k]] if log_of[k] >= 0 else logs[0][:0]
        for today in range(days):
            seen = (k * days + today) * (len(watched) + 1)
            if s[ENDED] != 0.0:
                for j in range(len(watched) + 1):
                    numbers[seen + j] = nan
                continue
            day(s, ci, cf, at, log)
            for j in range(len(watched)):
                numbers[seen + j] = s[watched[j]]
            highest = s[ladders[0]] if len(ladders) > 0 else 0.0
            for j in range(1, len(ladders)):
                highest = max(highest, s[ladders[j]])
            numbers[seen + len(watched)] = highest
        status[k] = outcome_of_trial(s, ci, cf)
        if log_of[k] >= 0 and s[LOGGED] * (L_MARKS + ci[N_MARKS]) > logs.shape[1]:
            status[k] = LOG_FULL


@compiled
def bin_place(bits):
    """Where the bin of a number stands (`sim.ensemble.sketch.bin_of`), from 0; -1 where the number is not finite."""
    size = bits & 0x7FFFFFFFFFFFFFFF
    if size >= NOT_FINITE_BITS:
        return -1
    number = min(max((size >> BIN_SHIFT) - BIN_ZERO, 0), BIN_LAST)
    return BIN_LAST - number if bits < 0 else BIN_LAST + number


@njit(nogil=True, cache=True, error_model="numpy", _nrt=False)
def find_new_bins(bits, column, new):
    """Whether numbers (trials, days, series), as bits, fall into bins without a column; marks them in `new`."""
    found = False
    for trial in range(bits.shape[0]):
        for today in range(bits.shape[1]):
            for j in range(bits.shape[2]):
                place = bin_place(bits[trial, today, j])
                if place >= 0 and column[j, place] < 0:
                    new[j, place] = True
                    found = True
    return found


@njit(nogil=True, cache=True, error_model="numpy", _nrt=False)
def tally(numbers, bits, column, begins, widths, counts, n, low, high, whole, sums):
    """Count numbers (trials, days, series) into bins, and sum them with the rounding errors carried along.

    `counts` holds each series' table (days, width) from its beginning on; `n`, `low`, `high`, `whole` (days, series);
    `sums` (4, days, series): total and what it lost, the same of squares.
    """
    for trial in range(numbers.shape[0]):
        for today in range(numbers.shape[1]):
            for j in range(numbers.shape[2]):
                place = bin_place(bits[trial, today, j])
                if place < 0:
                    continue
                value = numbers[trial, today, j]
                counts[begins[j] + today * widths[j] + column[j, place]] += 1
                n[today, j] += 1
                low[today, j] = min(low[today, j], value)
                high[today, j] = max(high[today, j], value)
                if value != floor(value):
                    whole[today, j] = False
                for part in range(2):
                    more = value if part == 0 else value * value
                    total = sums[2 * part, today, j]
                    new = total + more
                    back = new - total
                    sums[2 * part + 1, today, j] += (total - (new - back)) + (more - back)
                    sums[2 * part, today, j] = new
'''
