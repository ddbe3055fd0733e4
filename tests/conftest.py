"""How random tests are run: on a busy machine a first call may take seconds, and no test is timed."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
