"""What was found in one video: as sightings, and as each kind of file that is written of them."""
