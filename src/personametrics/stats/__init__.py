"""The ground floor: pure functions of arrays that need numpy and scipy alone.

What a user looks for can be imported from here. Functions with short names stay in their modules: `ppi.mean`, `conformal.quantile`,
`sequential.bounds`, `mover.difference`.
"""

from personametrics.stats.distributions.agreement import (
    krippendorff_alpha,
    krippendorff_alpha_of_scores,
    majority,
    others_agreement,
    pair_agreement,
)
from personametrics.stats.distributions.distances import jensen_shannon, kl_divergence, normalise, total_variation, wasserstein
from personametrics.stats.distributions.floors import permutation_floor, sampling_floor, split_half
from personametrics.stats.distributions.information import information, information_of_probabilities, miller_madow
from personametrics.stats.inference import conformal, mixed_subjects, ppi, sequential
from personametrics.stats.inference.calibration import augrc, aurc, calibration_error, calibration_floor
from personametrics.stats.inference.correlation import correlation, disattenuated
from personametrics.stats.inference.omega import omega
from personametrics.stats.inference.weighting import design_effect, poststratify, rake
from personametrics.stats.intervals import mover
from personametrics.stats.intervals.bootstrap import weighted_disagreements
from personametrics.stats.intervals.cluster import cluster_jackknife, cluster_share
from personametrics.stats.intervals.jackknife import Deletions, Interval, Replicates, deletions, interval, replicates
from personametrics.stats.intervals.logistic import log_odds_slope
from personametrics.stats.intervals.mover import fieller
from personametrics.stats.intervals.paired import paired, paired_ratio, shared_cells
from personametrics.stats.intervals.proportion import wilson
from personametrics.stats.intervals.ranks import concordance, ranks
from personametrics.stats.intervals.survival import hazard, kaplan_meier
from personametrics.stats.people.aptitude import aptitude
from personametrics.stats.people.clustering import clusters, silhouette
from personametrics.stats.variance.cells import Cells, from_answers, from_counts, from_labels
from personametrics.stats.variance.components import component, components, signal
from personametrics.stats.variance.disagreement import Pairs, pairs, subsets
from personametrics.stats.variance.permutation import permutation_p
from personametrics.stats.variance.precision import cheapest, expected_width, personas_needed, unevenness
from personametrics.stats.variance.reliability import Design, designs, generalizability, runs_needed, spearman_brown

# fmt: off
__all__ = [
    "Cells", "Deletions", "Design", "Interval", "Pairs", "Replicates", "aptitude", "augrc", "aurc", "calibration_error",
    "calibration_floor", "cheapest", "cluster_jackknife", "cluster_share", "clusters", "component", "components", "concordance",
    "conformal", "correlation", "deletions", "design_effect", "designs", "disattenuated", "expected_width", "fieller", "from_answers",
    "from_counts", "from_labels", "generalizability", "hazard", "information", "information_of_probabilities", "interval",
    "jensen_shannon", "kaplan_meier", "kl_divergence", "krippendorff_alpha", "krippendorff_alpha_of_scores", "log_odds_slope",
    "majority", "miller_madow", "mixed_subjects", "mover", "normalise", "omega", "others_agreement", "pair_agreement", "paired",
    "paired_ratio", "pairs", "permutation_floor", "permutation_p", "personas_needed", "poststratify", "ppi", "rake", "ranks",
    "replicates", "runs_needed", "sampling_floor", "sequential", "shared_cells", "signal", "silhouette", "spearman_brown",
    "split_half", "subsets", "total_variation", "unevenness", "wasserstein", "weighted_disagreements", "wilson",
]
# fmt: on
