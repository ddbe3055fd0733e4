"""The ground floor: pure functions of arrays that need numpy and scipy alone."""

from personametrics.stats.bootstrap import weighted
from personametrics.stats.cells import Cells, from_answers, from_counts, from_labels
from personametrics.stats.components import component, components, signal
from personametrics.stats.disagreement import Pairs, pairs, subsets
from personametrics.stats.intervals import Deletions, Interval, Replicates, deletions, interval, replicates
from personametrics.stats.permutation import permutation_p
from personametrics.stats.reliability import Design, designs, generalizability, runs_needed, spearman_brown

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
