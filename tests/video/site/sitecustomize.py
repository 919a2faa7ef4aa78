"""Read by every Python that has this folder in PYTHONPATH: servers and workers get the tests' analyses."""

from tests.video.analyses import register

register()
