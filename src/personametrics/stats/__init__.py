"""The ground floor: pure functions of arrays that need numpy and scipy alone."""

from personametrics.stats.cells import Cells, from_answers, from_counts, from_labels
from personametrics.stats.components import components, signal
from personametrics.stats.disagreement import Pairs, pairs, subsets
from personametrics.stats.reliability import Design, designs, generalizability, runs_needed, spearman_brown

__all__ = [
    "Cells",
    "Design",
    "Pairs",
    "components",
    "designs",
    "from_answers",
    "from_counts",
    "from_labels",
    "generalizability",
    "pairs",
    "runs_needed",
    "signal",
    "spearman_brown",
    "subsets",
]
