"""Learning from students: the adapted models."""
