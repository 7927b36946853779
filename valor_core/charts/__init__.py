"""Results as Plotly figures, the same on pages, in notebooks and in reports."""
