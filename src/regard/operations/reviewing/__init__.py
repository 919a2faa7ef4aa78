"""What is shown of a search under a strict purpose: who was found is told once people have judged it."""
