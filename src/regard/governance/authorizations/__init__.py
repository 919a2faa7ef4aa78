"""Leave to follow people in videos: who asked, on which ground, what it covers, and whether it holds now."""
