"""Persons and faces from frame to frame: who is who, where they went, how many they were."""
