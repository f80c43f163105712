"""Events for other programs: their receivers, documents and deliveries. Makes no network call."""
