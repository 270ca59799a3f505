"""What can be learned: the domain model."""
