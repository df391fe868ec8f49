"""The product's settings, with addresses and jobs on top that misbehave on request."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.drills"
