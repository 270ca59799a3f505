"""Every page for people, one module for each audience or errand. Each view makes one call inward and shows what came."""
