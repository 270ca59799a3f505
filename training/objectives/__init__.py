"""What is fine-tuned: one module an objective, whole, with its network and its loss."""
