"""Of several lines, the one that is most like the persona."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from personametrics.data.errors import StudyError
from personametrics.data.remedy import Remedy, RemedyWorld, Stage
from personametrics.data.request import Request
from personametrics.data.role import LINE
from personametrics.dialogues.choice import choice
from personametrics.dialogues.fading_world import FADES, STAYS, consistent, worn
from personametrics.dialogues.judge import judged
from personametrics.dialogues.rewriting import by_persona, rewritten, told

APART = 1_000_000
"""Between the numbers of runs of two candidates, and from the verdicts of a study to those of a choice: no run is taken twice."""
CANDIDATE = "candidate"
"""The value of the column `part` of lines that may be chosen."""


@dataclass(frozen=True)
class BestOf(Remedy):
    """Every line is drawn several times, a judge says which of the draws fit the persona, and the first that does is said.

    The verdicts that choose are asked for themselves, apart from those of a study: a judge's errors would otherwise pass for the persona's
    merit. An error that the judge always makes still does, as long as the same judge measures; so have another one choose where you can.
    It takes n lines and n verdicts for each line.

    Attributes:
        n: candidates.
        judgings: verdicts on each.
    """

    n: int = 4
    judgings: int = 1
    says: ClassVar[str] = "Draw each line several times, and say the one that a judge finds most consistent with the persona."
    acts_on: ClassVar[Stage] = "asks"
    cite: ClassVar[tuple[str, ...]] = ("abdulhai2025",)

    def __post_init__(self) -> None:
        """Refuse numbers that are none."""
        if self.n < 1 or self.judgings < 1:
            message = f"best_of: n and judgings are 1 or more, not {self.n} and {self.judgings}."
            raise StudyError(message)

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """Every line of a persona as a choice; everybody else is asked as before, after what was chosen."""
        return rewritten(requests, self._chosen)

    def _chosen(self, request: Request) -> Request:
        """One of them."""
        persona = told(request)
        if request.about.get("part") != LINE or not by_persona(request) or not persona or self.n == 1:
            return request
        about = {**request.about, "part": CANDIDATE}
        lines = [request, *(replace(request, run=request.run + at * APART, about=about) for at in range(1, self.n))]
        known = {name: request.about[name] for name in ("persona", "item")}
        verdicts = [
            judged("prompt_to_line", {"background": persona, "line": line}, known, APART + run)
            for line in lines
            for run in range(self.judgings)
        ]
        return choice(lines, verdicts, request.about)

    def rival(self) -> str:
        """The persona told again in each turn."""
        return "restate"

    def known(self) -> RemedyWorld:
        """People whom talking wears off, each line by chance; in the other world all candidates are alike."""
        change = consistent(FADES**self.n, STAYS**self.n) - consistent()
        return RemedyWorld(**worn(), change={"prompt_to_line": change})
