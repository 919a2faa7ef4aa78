"""Rendered presentations, bona fide and attacks, and how often each species is accepted: a simulation."""
