"""`python -m regard` is `regard`. Processes that read live sources import this, and are not to run it."""

from regard.cli import main

if __name__ == "__main__":
    main()
