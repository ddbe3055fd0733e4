"""How the model came to know the society; only `train` needs more than numpy."""
