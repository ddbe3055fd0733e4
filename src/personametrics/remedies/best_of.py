"""The remedy that chooses, among several draws of a line, the one most consistent with the persona."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from personametrics.data.errors import StudyError
from personametrics.data.remedy import Remedy, RemedyWorld, Stage
from personametrics.data.request import Request
from personametrics.data.role import LINE
from personametrics.dialogues.choice import choice
from personametrics.dialogues.fading_world import FADES, STAYS, consistent_share, fading_world
from personametrics.dialogues.judge import judge_request
from personametrics.dialogues.rewriting import by_persona, persona_text, rewrite

APART = 1_000_000
"""Distance between the run numbers of two candidates, and from the verdicts of a study to those of a choice, so that no run repeats."""
CANDIDATE = "candidate"
"""The value of the column `part` for lines among which a choice is made."""


@dataclass(frozen=True)
class BestOf(Remedy):
    """A choice among draws of every line: the first that a judge finds consistent with the persona (Abdulhai and others 2025).

    The choice has verdicts of its own, separate from those of a study: otherwise a judge's random errors would look like merit of the
    persona. Errors that the judge always makes still do if the same judge measures, so let another judge choose where you can. Each line
    costs n lines and n verdicts.

    Attributes:
        n: number of candidates.
        judgings: number of verdicts on each candidate.
    """

    n: int = 4
    judgings: int = 1
    says: ClassVar[str] = "Ask for each line several times, and keep the line that a judge finds most consistent with the persona."
    acts_on: ClassVar[Stage] = "requests"
    against: ClassVar[tuple[str, ...]] = ("drift",)
    cite: ClassVar[tuple[str, ...]] = ("abdulhai2025",)

    def __post_init__(self) -> None:
        """Refuse numbers below 1."""
        if self.n < 1 or self.judgings < 1:
            message = f"best_of: n={self.n} and judgings={self.judgings} must be 1 or more."
            raise StudyError(message)

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """Return every line of a persona as a choice; all other requests follow the chosen lines."""
        return rewrite(requests, self._choice)

    def _choice(self, request: Request) -> Request:
        """Return the choice among draws of a line; any other request as it is."""
        background = persona_text(request)
        if request.about.get("part") != LINE or not by_persona(request) or not background or self.n == 1:
            return request
        about = {**request.about, "part": CANDIDATE}
        lines = [request, *(replace(request, run=request.run + draw * APART, about=about) for draw in range(1, self.n))]
        columns = {name: request.about[name] for name in ("persona", "item")}
        verdicts = [
            judge_request("prompt_to_line", {"background": background, "line": line}, columns, APART + run)
            for line in lines
            for run in range(self.judgings)
        ]
        return choice(lines, verdicts, request.about)

    def rival(self) -> str:
        """Return the remedy that repeats the persona in each turn."""
        return "restate"

    def known(self) -> RemedyWorld:
        """Return a world in which personas fade line by line, by chance; in the null world all candidates are alike."""
        change = consistent_share(FADES**self.n, STAYS**self.n) - consistent_share()
        return RemedyWorld(**fading_world(), change={"prompt_to_line": change})
