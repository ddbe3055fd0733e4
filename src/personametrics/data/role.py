"""Roles: who answers a request, and what a request contributes to a dialogue."""

JUDGE = "judge"
"""The role that judges lines of dialogues; a value of `Request.to`."""
PARTNER = "partner"
"""The role that speaks the other side's turns; a value of `Request.to`, and of the column `part` of its turns."""
LINE = "line"
"""The column `part` of a line that a persona says."""
