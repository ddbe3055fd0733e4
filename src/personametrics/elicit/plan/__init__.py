"""Plans: study files as typed models."""
