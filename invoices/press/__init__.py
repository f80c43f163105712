"""Rendering of papers: HTML, styles and fonts to PDF, in processes of their own."""
