"""What is fine-tuned: one module an objective, whole, with its network, its loss and its metrics."""
