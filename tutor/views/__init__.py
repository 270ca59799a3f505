"""Every page for people, one module for each audience or errand: one call inward, then show what came."""
