"""Widgets into inputs (`ask`), results onto the screen (`show`), and the frame around pages."""
