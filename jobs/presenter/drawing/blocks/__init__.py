"""What stands on a slide, each set into its box: headings, bullets, code, tables and quotes."""
