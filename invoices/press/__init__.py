"""How a paper becomes bytes: HTML, styles and fonts to PDF, in processes of their own."""
