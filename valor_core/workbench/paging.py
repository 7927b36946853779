"""Lists come in pages of a bounded size."""

from valor_core.errors import BadInput

PAGE_MAX = 200


def check_page(limit: int, *, most: int = PAGE_MAX) -> None:
    """BadInput for a page of no rows, or of more than `most`."""
    if not 1 <= limit <= most:
        raise BadInput(f"A page cannot have {limit} rows.", hint=f"Ask for 1 to {most:,}.")
