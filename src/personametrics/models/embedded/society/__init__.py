"""A made-up society: its people, their answer distributions, and every effect that is planted in it."""
