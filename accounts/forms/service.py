"""What all forms of the pages have in common."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django import forms
from django.utils.functional import Promise

from chatsite.errors import DomainError

Result = TypeVar("Result")


class ServiceForm(forms.Form):
    """Hands its fields to a service, and words its refusal.

    A field's `error_messages` and the form's `refusals` go by the code of the DomainError; a code
    they do not know keeps its own sentence.
    """

    refusals: ClassVar[dict[str, Promise]] = {}
    status = 200
    refusal: DomainError | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "%s")
        super().__init__(*args, **kwargs)

    @property
    def is_info(self) -> bool:
        """Nothing is wrong but the moment."""
        return self.is_throttled

    @property
    def is_throttled(self) -> bool:
        return bool(self.refusal and self.refusal.wait)

    def focus(self) -> None:
        """For the form of a page that is there for nothing else."""
        self._focus(list(self))

    def submit(self, service: Callable[..., Result], **context: Any) -> Result | None:
        """What the service returns; None, and the reasons in `errors`, when it refuses."""
        if self.is_valid():
            try:
                return service(**context, **self.cleaned_data)
            except DomainError as error:
                self._refuse(error)
        else:
            self.status = 400
        self._mark_errors()
        return None

    def _refuse(self, error: DomainError) -> None:
        self.refusal, self.status = error, error.status
        places = [name for name in error.errors if name in self.fields]
        for name in places:
            words = self.fields[name].error_messages.get(error.codes[name], error.errors[name][0])
            self.add_error(name, str(words))
        if not places:
            self.add_error(None, str(self.refusals.get(error.code, error.notice)))

    def _mark_errors(self) -> None:
        """An error takes the place of the hint, and the first one gets the focus."""
        wrong = [field for field in self if field.errors]
        for field in wrong:
            field.help_text = ""
        self._focus(wrong)

    def _focus(self, fields: list[forms.BoundField]) -> None:
        if fields:
            fields[0].field.widget.attrs["autofocus"] = True
