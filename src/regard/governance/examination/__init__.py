"""Reviews: what a search under a strict purpose finds is shown to nobody before people have judged it.

Each search opens a review (`reviews`). Reviewers rate its candidates blind, on sheets that tell nothing but
faces (`sheets`, `rating`). What is then a lead is confirmed by evidence and another person, or disputed
(`conclusions`). Some sheets have an answer that is known (`proficiency`).
"""
