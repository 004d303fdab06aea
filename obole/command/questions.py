"""Questions of yes or no: asked and answered in the person's language; the English letters count too."""

import click

from obole.command.say import tell
from obole.words import _

_ENGLISH = ({"y", "yes"}, {"n", "no", ""})


def confirm(question: str) -> None:
    """Ask until it is answered, and abort the command unless the answer is yes; an empty one is no."""
    while True:
        answer = click.prompt(_("{question} [y/N]").format(question=question), default="", show_default=False)
        said = answer.strip().lower()
        if said in _ENGLISH[0] | _words(_("y yes")):
            return
        if said in _ENGLISH[1] | _words(_("n no")):
            raise click.Abort
        tell(
            _("Please answer with one of these: {words}.").format(
                words=", ".join((_("y yes") + " " + _("n no")).split())
            )
        )


def _words(some: str) -> set[str]:
    return set(some.split())
