"""Times the paths that the desk waits for, beside the same rows by the driver alone. No test asserts a time."""
