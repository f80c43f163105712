"""What is for sale and how it is sold: packages, sales begun at the desk, and the one door a course is born through."""
