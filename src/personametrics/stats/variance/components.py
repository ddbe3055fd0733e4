"""Variance components and the persona signal, computed from the disagreements."""

from collections.abc import Sequence

import numpy as np

from personametrics.stats.arrays import Floats
from personametrics.stats.variance.disagreement import Disagreements, Shared, subsets

RUN = "run"
PERSONA = "persona"


def components(d: Disagreements, facets: Sequence[str]) -> dict[str, Floats]:
    """Estimate every variance component, without bias, for any number of crossed facets and any pattern of missing cells.

    D[S] = σ²(run) + Σ σ²(T) over effects T not inside S, so that D[∅] − D[S] sums the effects inside S, and Möbius inversion gives
    σ²(T) = Σ over S ⊆ T of (−1)^|T∖S| (D[∅] − D[S]). A negative estimate means that the true value is near 0, or that the runs are not
    independent. A component is not a share of variance explained in the sample; it estimates the population of personas and items. Source:
    Brennan (2001), Generalizability Theory, doi:10.1007/978-1-4757-3456-0, chapter 5.

    Args:
        d: D[S] of all subsets S; values (...).
        facets: facets in the order in which effects are named.

    Returns:
        {"persona": (...), "item": …, "persona:item": …, "run": …} in squared units of the scale (nominal: probability of disagreement).

    Examples:
        Two personas that differ by 1, two items that differ by 4, no interaction and no noise of runs.

        >>> from personametrics.stats import from_answers, pairs
        >>> p, i = np.repeat([0, 0, 1, 1], 2), np.repeat([0, 1, 0, 1], 2)
        >>> variances = components(pairs(from_answers(["persona", "item"], [p, i], p * 1.0 + i * 4.0)).whole(), ["persona", "item"])
        >>> {name: float(value) for name, value in variances.items()}
        {'persona': 0.5, 'item': 8.0, 'persona:item': 0.0, 'run': 0.0}
    """
    effects = [":".join(facet for facet in facets if facet in effect) for effect in subsets(facets)[1:]]
    return {effect: component(d, effect) for effect in [*effects, RUN]}


def component(d: Disagreements, effect: str) -> Floats:
    """Estimate one variance component (...), `components(d, facets)[effect]`, without the others.

    The effect is "run", or the names of its facets joined by colons.
    """
    if effect == RUN:
        return d[all_facets(d)]
    facets = effect.split(":")
    variance = np.zeros(())
    for shared in subsets(facets)[1:]:
        variance = variance + (-1) ** (len(facets) - len(shared)) * (d[frozenset()] - d[shared])
    return variance


def signal(d: Disagreements) -> Floats:
    """Estimate the persona signal: the share of the disagreement of two personas that reruns of one persona do not explain.

    1 − D[all facets] / D[all but persona] = ICC(1) of a single answer. At 0 two personas are indistinguishable from one persona asked
    twice. At 1 asking again changes nothing. The signal is not validity: at temperature 0 it is 1 for any persona text. Source: Shrout &
    Fleiss (1979), doi:10.1037/0033-2909.86.2.420, ICC(1).

    Returns:
        The signal, (...), in (−∞, 1]; NaN where two personas never disagree.

    Examples:
        >>> float(signal({frozenset({"persona", "item"}): np.array(1.0), frozenset({"item"}): np.array(5.0)}))
        0.8
    """
    rerun, persona = d[all_facets(d)], d[all_facets(d) - {PERSONA}]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(persona > 0, 1 - rerun / persona, np.nan)


def all_facets(d: Disagreements) -> Shared:
    """Return the set of all facets."""
    return max(d, key=len)
