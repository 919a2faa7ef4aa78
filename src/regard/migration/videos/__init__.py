"""Films that two services analyse, compared: what each found, when, by jobs of both."""
