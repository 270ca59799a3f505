"""The tutor's commands, and what they share."""
