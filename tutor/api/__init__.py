"""The JSON interface: the same acts as the pages, for other programs. One call inward each."""
