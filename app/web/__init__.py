"""What browsers meet first: pure-ASGI walls and the plain routes beside Streamlit."""
