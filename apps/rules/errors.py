"""What can be wrong with a rule, and where in it."""

from enum import StrEnum


class Code(StrEnum):
    BAD_JSON = "bad_json"
    DUPLICATE_KEY = "duplicate_key"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    WRONG_SHAPE = "wrong_shape"
    WRONG_TYPE = "wrong_type"
    UNKNOWN_KEY = "unknown_key"
    UNKNOWN_TRAIT = "unknown_trait"
    UNKNOWN_OPERATOR = "unknown_operator"
    UNKNOWN_SEGMENT = "unknown_segment"
    CYCLE = "cycle"


class RuleError(Exception):
    """A rule cannot be read; `at` says where, such as `all[2].any[0].value` ("" at the root)."""

    def __init__(self, code: Code, message: str, at: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.at = at

    def __str__(self) -> str:
        return f"{self.message} (at {self.at})" if self.at else self.message

    def __reduce__(self) -> tuple[type["RuleError"], tuple[Code, str, str]]:
        return type(self), (self.code, self.message, self.at)
