"""What all forms of the staff pages share."""

from typing import Any


class PlainLabels:
    """Labels without the colon that Django puts behind each. Stands before the form class."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
