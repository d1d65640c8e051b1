"""Units and the sets that they can stand in go in; the best alignment comes out: to which set each unit belongs.

The sets tie units together to components that have nothing to do with each other. Each is solved exactly: by dynamic
programming over the units that are covered, many components of one size at a time; between two annotators, where it is larger, as an
assignment; where it is larger still, unit by unit from left to right; and where that has too many states as an integer program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from copydesk.agreement.columns import Floats, Ints
from copydesk.agreement.gamma.continua import Units
from copydesk.agreement.gamma.tuples import EACH, Tuples

_TOGETHER = 8  # units of a component that is solved along with others of its size
_CELLS = 4_000_000  # of a table of costs: 32 MB
_STATES = 20_000  # of one component


@dataclass(frozen=True, slots=True)
class _Sets:
    """All sets, single units left out, sorted by component: ``mask`` of its units there, cost, and members as a padded table."""

    component: Ints
    mask: Ints
    cost: Floats
    members: Ints


@dataclass(frozen=True, slots=True)
class _Components:
    of: Ints  # component of each unit
    size: Ints  # of each component
    place: Ints  # of each unit in its component, from left to right
    units: Ints  # sorted by component and place
    first: Ints  # of each component among ``units``
    alone: Floats  # what a single unit of each component costs


def best_alignment(units: Units, tuples: Sequence[Tuples]) -> Ints:
    """Give the number of the set of each unit; sets are numbered by their first unit."""
    count = len(units.continuum)
    parts = _components(units, tuples)
    sets = _sets(tuples, parts)
    together = np.arange(count)
    begin = np.searchsorted(sets.component, np.arange(len(parts.size) + 1))
    for size in range(2, _TOGETHER + 1):
        chosen = np.flatnonzero(parts.size == size)
        step = max(1, _CELLS >> size)
        for at in range(0, len(chosen), step):
            _solve_together(size, chosen[at : at + step], parts, sets, begin, together)
    for component in np.flatnonzero(parts.size > _TOGETHER).tolist():
        rows = slice(begin[component], begin[component + 1])
        own = parts.units[parts.first[component] : parts.first[component] + parts.size[component]]
        _solve(units, parts, own, sets.members[rows], sets.cost[rows], together)
    return together


def _components(units: Units, tuples: Sequence[Tuples]) -> _Components:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(units.continuum)
    left = np.concatenate(
        [np.empty(0, np.int64), *(np.repeat(one.members[:, 0], one.members.shape[1] - 1) for one in tuples)]
    )
    right = np.concatenate([np.empty(0, np.int64), *(one.members[:, 1:].ravel() for one in tuples)])
    graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(count, count))
    number, labels = connected_components(graph, directed=False)
    of = labels.astype(np.int64)
    order = np.argsort(of, kind="stable")
    size = np.bincount(of, minlength=number)
    first = np.cumsum(size) - size
    place = np.empty(count, np.int64)
    place[order] = np.arange(count) - np.repeat(first, size)
    m = units.annotators[units.continuum[order[first]]] if count else np.empty(0)
    return _Components(of, size, place, order, first, m * (m - 1) / 2.0 + EACH)


def _sets(tuples: Sequence[Tuples], parts: _Components) -> _Sets:
    width = max((one.members.shape[1] for one in tuples), default=1)
    padded = [np.pad(one.members, ((0, 0), (0, width - one.members.shape[1])), constant_values=-1) for one in tuples]
    members = np.concatenate([np.empty((0, width), np.int64), *padded])
    cost = np.concatenate([np.empty(0), *(one.cost for one in tuples)])
    component = parts.of[members[:, 0]]
    order = np.argsort(component, kind="stable")
    members, cost, component = members[order], cost[order], component[order]
    small = parts.size[component] <= _TOGETHER
    bits = np.where((members >= 0) & small[:, np.newaxis], np.int64(1) << np.minimum(parts.place[members], 62), 0)
    return _Sets(component, bits.sum(axis=1), cost, members)


@cache
def _steps(size: int) -> list[tuple[int, Ints]]:
    """For each mask of units: the sets within it that hold its first unit.

    Whatever is left once the first unit of all is covered is without that unit, so no other mask is asked for but the whole.
    """
    steps = []
    for mask in (*range(2, 1 << size, 2), (1 << size) - 1):
        low = mask & -mask
        rest, inner = mask ^ low, mask ^ low
        subs = [low]
        while inner:
            subs.append(low | inner)
            inner = (inner - 1) & rest
        steps.append((mask, np.array(subs, np.int64)))
    return steps


def _solve_together(size: int, chosen: Ints, parts: _Components, sets: _Sets, begin: Ints, together: Ints) -> None:
    """Solve components of one size: the best cover of each subset of units, from the smallest up."""
    number = np.full(len(parts.size), -1)
    number[chosen] = np.arange(len(chosen))
    rows = np.flatnonzero(number[sets.component] >= 0)
    cost = np.full((1 << size, len(chosen)), np.inf)
    mask = sets.mask[rows]
    cost[mask, number[sets.component[rows]]] = sets.cost[rows]
    cost[1 << np.arange(size)] = parts.alone[chosen]
    occurring = np.zeros(1 << size, bool)
    occurring[mask] = True
    occurring[1 << np.arange(size)] = True
    best = np.full((1 << size, len(chosen)), np.inf)
    best[0] = 0
    choice = np.zeros((1 << size, len(chosen)), np.int64)
    for target, every in _steps(size):
        subs = every[occurring[every]]
        costs = cost[subs] + best[target ^ subs]
        at = costs.argmin(axis=0)
        best[target] = costs[at, np.arange(len(chosen))]
        choice[target] = subs[at]
    left = np.full(len(chosen), (1 << size) - 1)
    columns = np.arange(len(chosen))
    units = parts.units[parts.first[chosen][:, np.newaxis] + np.arange(size)]
    while left.any():
        taken = np.where(left > 0, choice[left, columns], 0)
        inside = (taken[:, np.newaxis] >> np.arange(size)) & 1 == 1
        head = units[columns, inside.argmax(axis=1)]
        together[units[inside]] = np.broadcast_to(head[:, np.newaxis], inside.shape)[inside]
        left = left ^ taken


def _solve(units: Units, parts: _Components, own: Ints, members: Ints, cost: Floats, together: Ints) -> None:
    """Solve one component."""
    alone = float(parts.alone[parts.of[own[0]]])
    if units.annotators[units.continuum[own[0]]] == 2:
        chosen = _assigned(units, own, alone, members, cost)
    else:
        places = np.where(members >= 0, parts.place[members], -1)
        listed = [[at for at in row if at >= 0] for row in places.tolist()]
        found = _from_the_left(len(own), alone, listed, cost.tolist())
        chosen = _programmed(len(own), alone, listed, cost) if found is None else found
    for row in chosen:
        inside = members[row][members[row] >= 0]
        together[inside] = inside.min()


def _assigned(units: Units, own: Ints, alone: float, members: Ints, cost: Floats) -> list[int]:
    """Match the units of two annotators so that as much as possible is saved."""
    from scipy.optimize import linear_sum_assignment

    first, second = own[units.annotator[own] == 0], own[units.annotator[own] == 1]
    saved = np.zeros((len(first), len(second)))
    row, column = np.searchsorted(first, members[:, 0]), np.searchsorted(second, members[:, 1])
    saved[row, column] = 2 * alone - cost
    number = np.full(saved.shape, -1)
    number[row, column] = np.arange(len(members))
    chosen = number[linear_sum_assignment(saved, maximize=True)]
    return [int(one) for one in chosen[chosen >= 0]]


def _from_the_left(size: int, alone: float, listed: list[list[int]], cost: list[float]) -> list[int] | None:
    """Cover the first unit that is not covered, in every way; None where there are too many states."""
    of_first: list[list[tuple[int, float, int]]] = [[(1 << at, alone, -1)] for at in range(size)]
    for row, places in enumerate(listed):
        of_first[min(places)].append((sum(1 << at for at in places), cost[row], row))
    best: list[dict[int, tuple[float, int, int]]] = [{} for _ in range(size + 1)]
    best[0][0] = (0.0, -1, -1)  # cost, the set that was added, the state before
    for at in range(size):
        if len(best[at]) > _STATES:
            return None
        for state, (spent, _, _) in best[at].items():
            for mask, price, row in of_first[at]:
                if state & mask:
                    continue
                new = state | mask
                known = best[_first_zero(new, size)]
                if new not in known or known[new][0] > spent + price:
                    known[new] = (spent + price, row, state)
    chosen, state, level = [], (1 << size) - 1, size
    while state:
        _, row, before = best[level][state]
        if row >= 0:
            chosen.append(row)
        state, level = before, _first_zero(before, size)
    return chosen


def _first_zero(state: int, size: int) -> int:
    return min((~state & (state + 1)).bit_length() - 1, size)


def _programmed(size: int, alone: float, listed: list[list[int]], cost: Floats) -> list[int]:
    """Choose sets by an integer program: every unit is covered once; a unit alone is a set too."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csc_array

    rows = [*range(size), *(at for places in listed for at in places)]
    columns = [*range(size), *(size + number for number, places in enumerate(listed) for _ in places)]
    matrix = csc_array((np.ones(len(rows)), (rows, columns)), shape=(size, size + len(listed)))
    found = milp(
        np.concatenate([np.full(size, alone), cost]),
        constraints=LinearConstraint(matrix, 1, 1),
        integrality=np.ones(size + len(listed)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0},
    )
    return [int(one) for one in np.flatnonzero(found.x[size:] > 0.5)]
