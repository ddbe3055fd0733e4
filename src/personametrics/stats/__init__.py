"""The ground floor: pure functions of arrays that need numpy and scipy alone."""

from personametrics.stats.intervals.bootstrap import weighted
from personametrics.stats.intervals.jackknife import Deletions, Interval, Replicates, deletions, interval, replicates
from personametrics.stats.variance.cells import Cells, from_answers, from_counts, from_labels
from personametrics.stats.variance.components import component, components, signal
from personametrics.stats.variance.disagreement import Pairs, pairs, subsets
from personametrics.stats.variance.permutation import permutation_p
from personametrics.stats.variance.reliability import Design, designs, generalizability, runs_needed, spearman_brown

__all__ = [
    "Cells",
    "Deletions",
    "Design",
    "Interval",
    "Pairs",
    "Replicates",
    "component",
    "components",
    "deletions",
    "designs",
    "from_answers",
    "from_counts",
    "from_labels",
    "generalizability",
    "interval",
    "pairs",
    "permutation_p",
    "replicates",
    "runs_needed",
    "signal",
    "spearman_brown",
    "subsets",
    "weighted",
]
