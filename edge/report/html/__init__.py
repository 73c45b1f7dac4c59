"""The report as one page of HTML: figures with their data, a table, and how it was measured."""
