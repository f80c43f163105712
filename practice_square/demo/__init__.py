"""A clinic and a till on this machine: to try everything out, and to play a whole day with everything going wrong."""
