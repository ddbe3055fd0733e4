"""Notices of what a comparison with people covers, and of traps in the people's answers."""

from personametrics.data.notice import Notice
from personametrics.data.responses import Responses
from personametrics.measures import traps
from personametrics.measures.people import Side

OF_PEOPLE = frozenset({"missing-code", "outside-scale", "missing", "missing-by-persona", "duplicates"})
"""Codes of traps that are reported for people's answers too."""


def comparison_notices(responses: Responses, panel: Side, human: Side) -> list[Notice]:
    """Return how many people the panel is compared with, and which answers are left out."""
    several = len(panel.groups) > 1
    groups = f" in {len(panel.groups)} groups" if several else ""
    notices = [Notice("humans", f"Compared with {human.people} people{groups} on {len(panel.items)} common items.")]
    used = [{label for label, count in zip(panel.labels, side.counts.sum(0), strict=True) if count > 0} for side in (panel, human)]
    if len(used[0] & used[1]) < min(len(used[0]), len(used[1])) / 2:
        texts = (", ".join(sorted(labels)[:6]) for labels in used)
        text = "The panel answers {}, and people answer {}. Check that both were asked on the same scale."
        notices.append(Notice("scales-differ", text.format(*texts)))
    if several and panel.smallest == 1:
        text = "A group is one persona: intervals of group differences hold for these personas, not for others of their group."
        notices.append(Notice("one-persona-groups", text))
    if missing := [name for name in responses.items.names if name not in set(panel.items)]:
        count = "1 item has" if len(missing) == 1 else f"{len(missing)} items have"
        text = f"{count} no human answers, such as {missing[0]}; the comparison leaves them out."
        notices.append(Notice("items-without-humans", text))
    if panel.lost or human.lost:
        text = f"{panel.lost} personas and {human.lost} people belong to no group that both sides have; the comparison leaves them out."
        notices.append(Notice("without-group", text))
    return notices


def people_notices(human: Responses) -> list[Notice]:
    """Return the traps in people's answers."""
    return [Notice(notice.code, f"People's answers: {notice.text}") for notice in traps.notices(human) if notice.code in OF_PEOPLE]
