"""What several studies compute from responses."""
