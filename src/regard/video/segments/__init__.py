"""Shots, and technical cues: colour bars, black, slates, logos, credits."""
