"""Jobs on stored videos and on many pictures: what is known of them, and the worker that runs them."""
