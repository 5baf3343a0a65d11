"""``watchbill completion``: what a shell needs to complete verbs and options."""

from __future__ import annotations

from typing import Final

import click

from watchbill.cli.answer import Answer
from watchbill.cli.options import common

EXAMPLES: Final = """\b
Examples:
  watchbill completion bash >> ~/.bashrc
  watchbill completion zsh >> ~/.zshrc
  watchbill completion fish > ~/.config/fish/completions/watchbill.fish
"""


@click.command("completion", short_help="Print the script that completes verbs and options in a shell.", epilog=EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@common
@click.pass_context
def command(ctx: click.Context, shell: str) -> Answer:
    """Print the script that completes verbs and options in a shell."""
    from click.shell_completion import ShellComplete, get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    complete = found(ctx.find_root().command, {}, "watchbill", "_WATCHBILL_COMPLETE")
    # The base class's `source`: bash's own would run bash to ask for its version.
    return Answer(ShellComplete.source(complete) + "\n")
