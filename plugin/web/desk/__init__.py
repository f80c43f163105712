"""The screens of the front desk and the practitioner."""
