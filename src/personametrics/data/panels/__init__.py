"""What studies and remedies read off the answers of a panel."""
