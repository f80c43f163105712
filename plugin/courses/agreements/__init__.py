"""Course agreements: shown before a sale, signed, and kept with the sale."""
