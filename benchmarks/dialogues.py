"""A table of a judge's recorded scores of dialogues, a row per model with intervals: python benchmarks/dialogues.py [FILE]."""

import math
import os
import sys
from pathlib import Path

from replays import DIALOGUES, consistent, scored
from tables import aligned

from personametrics.data.estimate import Estimate
from personametrics.data.finding import Finding
from personametrics.studies.consistency import Consistency

DATA = Path(__file__).parents[1].parent / "shared" / "data"
SHOWN = ("prompt_to_line", "line_to_line", "qa.reader", "gap.line_to_line", "persona_share.prompt_to_line")
ARMS = {
    "chat, PPO after SFT": "chatting.*sft-ppo",
    "chat, SFT": "chatting.*sft_llama",
    "chat, KTO after SFT": "chatting.*kto",
    "chat, Gemma 2 2B": "chatting.*gemma",
    "chat, Mistral 7B": "chatting.*mistral",
    "teaching, Mistral 7B": "education.*mistral",
    "therapy, Mistral 7B": "therapy/exp/dialogues.*mistral",
    "therapy, SFT": "therapy.*sft_new_lr",
    "therapy, KTO after SFT": "therapy.*kto",
    "therapy, long, Llama 3.1 8B": "therapy.*long_Llama",
    "therapy, long, Mistral 7B": "therapy.*long_mistral",
}


def main(path: Path) -> None:
    """Print the table."""
    if not path.exists():
        sys.exit(f"{path} is not at hand; name the file, or set PERSONAMETRICS_DATA to the folder that holds {DIALOGUES}.")
    scores = scored(path)
    rows = []
    for name, pattern in ARMS.items():
        answers = consistent(scores, pattern)
        finding, sides = Consistency().estimate(answers), answers.frame["run"].n_unique()
        rows.append([name, f"{sides}", *(_figure(finding, estimate) for estimate in SHOWN), finding.verdict.label])
    print(aligned(["dialogues", "sides", *SHOWN, "verdict"], rows))


def _figure(finding: Finding, name: str) -> str:
    """Return a value with its interval."""
    estimate: Estimate | None = next(
        (estimate for estimate in finding.estimates if estimate.name == name and not math.isnan(estimate.value)), None
    )
    return "–" if estimate is None else f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(os.environ.get("PERSONAMETRICS_DATA", DATA)) / DIALOGUES)
