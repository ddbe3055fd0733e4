"""People and their simulated counterparts."""
