"""What hangs on a customer profile besides its fields: custom attributes, and profiles brought back."""
