"""The training of the embedded model on the society; only `train` needs more than numpy."""
