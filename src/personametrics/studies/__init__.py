"""One file a published study."""
