"""Whether a person is there themself, from a video of their face: challenge, what is seen, evidence."""
