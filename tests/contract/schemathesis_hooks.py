"""What schemathesis takes for a failure and is none."""

import schemathesis
from schemathesis import Case, HookContext
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.core.transport import Response

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    """A form has texts alone: `true` in it is the text "true", however wrong it was meant. And a
    header that nobody knows is none that is wrong.
    """
    is_harmless = _became_text(case) or "x-schemathesis-unknown-property" in case.headers
    return not (isinstance(failure, AcceptedNegativeData) and is_harmless)


def _became_text(case: Case) -> bool:
    fields = case.body.values() if isinstance(case.body, dict) else []
    is_form = case.media_type == "multipart/form-data"
    return is_form and any(isinstance(value, bool | int | float) for value in fields)
