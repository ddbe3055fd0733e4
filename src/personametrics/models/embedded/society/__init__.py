"""The made-up society: its people, how they answer, and every effect that is planted in it."""
