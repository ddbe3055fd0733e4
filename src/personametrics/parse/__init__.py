"""Reading replies: from text to a coded answer or a status."""
