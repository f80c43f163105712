"""What befalls a course after its sale, by a person's word: each an entry or a line of its history, with the reason."""
