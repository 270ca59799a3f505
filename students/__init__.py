"""Who learns and what we believe about it: the student model."""
