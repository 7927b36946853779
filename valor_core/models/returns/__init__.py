"""What an investment returned: rates of return, present values, multiples of money."""
