"""Dialogues: how they are asked, judged and read."""
