"""`make test-image`: the image as a clinic would run it, with a read-only root and without rights."""
